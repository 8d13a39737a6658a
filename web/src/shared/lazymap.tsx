// The map is most of the page's bytes: it comes when it is first wanted.
import type { ComponentProps } from "preact";
import type { MapView } from "./map";
import { useLoad, Wait } from "./ui";

export function LazyMap(props: ComponentProps<typeof MapView>) {
  const loaded = useLoad(async () => (await import("./map")).MapView, []);
  const View = loaded.value;
  return <Wait of={loaded}>{View !== null && <View {...props} />}</Wait>;
}

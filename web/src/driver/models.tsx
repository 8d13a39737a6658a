// The honest card of each face model, the very page of the documentation.
import type { ComponentChildren } from "preact";
import card from "../../../docs/models.md?raw";
import { Title } from "../shared/ui";
import { useApp } from "./app";

/** `code`, **strong**; of a link its words. */
function inline(text: string): ComponentChildren[] {
  return text.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").split(/(`[^`]*`|\*\*[^*]*\*\*)/).map((part, i) => {
    if (part.startsWith("`")) return <code key={i}>{part.slice(1, -1)}</code>;
    return part.startsWith("**") ? <strong key={i}>{part.slice(2, -2)}</strong> : part;
  });
}

const cells = (row: string): string[] => row.replace(/^\||\|$/g, "").split("|").map((c) => c.trim());

/** A table is read on a phone one row at a time. */
function Rows({ lines }: { lines: string[] }) {
  const [head = "", , ...rows] = lines;
  const names = cells(head);
  return (
    <>
      {rows.map((row) => {
        const [first = "", ...rest] = cells(row);
        return (
          <section key={row} class="card">
            <h3>{inline(first)}</h3>
            <dl class="inputs">{rest.map((c, i) => <div key={i}><dt>{names[i + 1]}</dt><dd>{inline(c)}</dd></div>)}</dl>
          </section>
        );
      })}
    </>
  );
}

function Block({ text }: { text: string }) {
  const lines = text.split("\n");
  const first = lines[0] ?? "";
  if (first.startsWith("# ")) return null; // the page's own title says it
  if (first.startsWith("#")) return <h2>{inline(first.replace(/^#+ /, ""))}</h2>;
  if (first.startsWith("|")) return <Rows lines={lines} />;
  if (first.startsWith("```")) return <pre><code>{lines.slice(1, -1).join("\n")}</code></pre>;
  if (/^[-*] /.test(first)) return <ul>{text.split(/\n(?=[-*] )/).map((l) => <li key={l}>{inline(l.slice(2).replace(/\n\s*/g, " "))}</li>)}</ul>;
  return <p>{inline(lines.join(" "))}</p>;
}

export function Models() {
  const { t } = useApp();
  return (
    <article lang="en">
      <Title back="me/face">{t("models")}</Title>
      {card.trim().split(/\n{2,}/).map((text) => <Block key={text} text={text} />)}
    </article>
  );
}

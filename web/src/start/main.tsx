import "../shared/base.css";
import { render } from "preact";

function Start() {
  return (
    <main style="max-width:38rem;margin:0 auto;padding:2rem 1rem">
      <h1>Waybill</h1>
      <p class="soft">Delivery work that explains itself.</p>
      <div class="stack">
        <a class="button primary" href="/driver/">I drive</a>
        <a class="button" href="/console/">I work at the desk</a>
        <a class="button" href="/openapi.json">I integrate</a>
      </div>
    </main>
  );
}
render(<Start />, document.getElementById("app")!);

// Says when the page's server does not answer any more. htmx asks again by itself; without this nobody would see it.
(() => {
  const lost = document.getElementById("lost");
  const say = (text) => {
    if (lost.textContent !== text) lost.textContent = text;
    lost.hidden = !text;
  };
  const told = ({ detail }) => say(detail.status === 403 ? lost.dataset.anew : lost.dataset.gone);
  // While a stream lives, the server answers: then another request's failure is not the server's end.
  let live = false;
  const lives = () => {
    live = true;
    say("");
  };
  document.addEventListener("htmx:sse:after:connection", lives);
  document.addEventListener("htmx:sse:after:message", lives);
  document.addEventListener("htmx:sse:close", () => (live = false));
  document.addEventListener("htmx:sse:error", (event) => {
    live = false;
    told(event);
  });
  document.addEventListener("htmx:error", (event) => live || told(event));
})();

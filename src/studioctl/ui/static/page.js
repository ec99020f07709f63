// Says when the page's server does not answer any more, and when it answers again.
(() => {
  const lost = document.getElementById("lost");
  const say = (text) => {
    if (lost.textContent !== text) lost.textContent = text;
    lost.hidden = !text;
  };
  const told = ({ detail }) => say(detail.status === 403 ? lost.dataset.anew : lost.dataset.gone);
  // While a stream lives, the server answers: then another request's failure is not the server's end.
  let live = false;
  // A stream that once began asks again by itself; htmx does not for one that never did, nor for a part of a page.
  let began = false;
  let waiting = 0;
  const askAgain = () => {
    waiting ||= setTimeout(async () => {
      waiting = 0;
      if (began) return;
      const answer = await fetch(location.href, { method: "HEAD" }).catch(() => ({}));
      if (answer.ok) return location.reload();
      told({ detail: answer });
      askAgain();
    }, 2000);
  };
  const lives = () => {
    live = began = true;
    say("");
  };
  document.addEventListener("htmx:sse:after:connection", lives);
  document.addEventListener("htmx:sse:after:message", lives);
  document.addEventListener("htmx:sse:close", () => (live = false));
  document.addEventListener("htmx:sse:error", (event) => {
    live = false;
    told(event);
  });
  document.addEventListener("htmx:error", (event) => {
    if (live) return;
    told(event);
    askAgain();
  });
})();

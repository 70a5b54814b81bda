// The order page follows its order: each change is fetched as the page that a refresh would show, and put in place.
// Without this script the page refreshes itself.
(() => {
  "use strict";
  const main = document.getElementById("main");
  if (!main) return;

  // Said politely, outside of what is replaced, so that screen readers hear it.
  const voice = document.createElement("p");
  voice.className = "unseen";
  voice.setAttribute("role", "status");
  document.body.append(voice);

  function addCopyButtons() {
    if (!navigator.clipboard) return;
    for (const field of main.querySelectorAll(".copy")) {
      const input = field.querySelector("input");
      const label = field.querySelector("label");
      if (!input || field.querySelector("button")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button second";
      button.textContent = main.dataset.copy;
      if (label) button.setAttribute("aria-label", `${main.dataset.copy}: ${label.textContent}`);
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(input.value);
          button.textContent = main.dataset.copied;
          voice.textContent = main.dataset.copied;
          setTimeout(() => { button.textContent = main.dataset.copy; }, 2000);
        } catch {
          input.select();
        }
      });
      field.append(button);
    }
  }

  // One tap selects a whole code.
  main.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.readOnly) event.target.select();
  });

  async function refresh() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("main");
    if (!fresh || fresh.dataset.state === main.dataset.state) return;
    for (const name of main.getAttributeNames().filter((name) => name.startsWith("data-"))) main.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (name.startsWith("data-")) main.setAttribute(name, value);
    const focused = document.activeElement && main.contains(document.activeElement);
    main.replaceChildren(...fresh.childNodes);
    if (focused) main.focus({ preventScroll: true });
    document.title = page.title;
    addCopyButtons();
    const headline = document.getElementById("headline");
    if (headline) voice.textContent = headline.textContent;
  }

  addCopyButtons();
  const address = main.dataset.events;
  if (!address || !window.EventSource) return;
  const events = new EventSource(address);
  events.addEventListener("status", async (event) => {
    if (event.lastEventId === main.dataset.state) return;
    for (let wait = 1000; ; wait = Math.min(wait * 2, 30000)) {
      try {
        await refresh();
        break;
      } catch {
        await new Promise((done) => setTimeout(done, wait));
      }
    }
    if (!main.dataset.events) events.close();
  });
  // An answer other than 200 (a restart behind a proxy, say) ends the stream for good: begin anew with the page.
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED && main.dataset.events) setTimeout(() => location.reload(), 5000);
  });
})();

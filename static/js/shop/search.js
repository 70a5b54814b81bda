// Suggestions under a search box while one types: the combobox with a list box of the ARIA Authoring Practices. Without
// this script the form leads to the page of results, and with it Enter on no suggestion still does.
(() => {
  "use strict";
  const WAIT = 120;

  function attach(form) {
    const input = form.querySelector("input[type=search]");
    const address = form.dataset.suggest;
    if (!input || !address) return;

    const list = document.createElement("ul");
    list.id = `${input.id}-suggestions`;
    list.className = "suggestions";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", form.dataset.label);
    list.hidden = true;
    const voice = document.createElement("p");
    voice.className = "unseen";
    voice.setAttribute("role", "status");
    input.parentElement.append(list);
    form.append(voice);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");

    let chosen = -1;
    let asked = "";
    let running;
    let timer;
    const known = new Map();

    function close() {
      list.hidden = true;
      choose(-1);
      input.setAttribute("aria-expanded", "false");
    }

    function choose(at) {
      chosen = at;
      [...list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
      if (at < 0) {
        input.removeAttribute("aria-activedescendant");
      } else {
        input.setAttribute("aria-activedescendant", list.children[at].id);
        list.children[at].scrollIntoView({ block: "nearest" });
      }
    }

    function part(name, text) {
      const span = document.createElement("span");
      span.className = name;
      span.textContent = text;
      return span;
    }

    function show(found) {
      list.replaceChildren(...found.places.map((place, number) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${number}`;
        option.setAttribute("role", "option");
        option.dataset.href = place.href;
        option.append(part("board-name", place.name), part("muted num", place.detail));
        return option;
      }));
      choose(-1);
      list.hidden = found.places.length === 0;
      input.setAttribute("aria-expanded", String(!list.hidden));
      voice.textContent = found.said;
    }

    async function ask() {
      const query = input.value.trim();
      asked = query;
      running?.abort();
      if (!query) {
        close();
        return;
      }
      running = new AbortController();
      try {
        if (!known.has(query)) {
          const answer = await fetch(`${address}?q=${encodeURIComponent(query)}`, { signal: running.signal });
          if (!answer.ok) return;
          known.set(query, await answer.json());
        }
        if (asked === query && document.activeElement === input) show(known.get(query));
      } catch {
        // Hung up for a newer question, or the line is bad: the form still works.
      }
    }

    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT);
    });
    input.addEventListener("keydown", (event) => {
      const last = list.children.length - 1;
      if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) ask();
        else if (event.key === "ArrowDown") choose(chosen === last ? -1 : chosen + 1);
        else choose(chosen === -1 ? last : chosen - 1);
      } else if (event.key === "Enter" && chosen >= 0) {
        event.preventDefault();
        location.assign(list.children[chosen].dataset.href);
      }
    });
    input.addEventListener("blur", close);
    // Pressing must not take the focus away before the click arrives.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) location.assign(option.dataset.href);
    });
  }

  document.querySelectorAll("form[data-suggest]").forEach(attach);
})();

// What scripts add to the pages: suggestions while typing, an area drawn on a map, a button that copies the citation.
// Every page is whole without this file.
"use strict";

/** A list of suggestions under a search field, as the ARIA pattern of a combobox with a list has it. */
function suggestions(field, number) {
  const list = document.createElement("ul");
  list.id = `suggestions-${number}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  field.form.append(list);
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");
  let chosen = -1;
  let asked = 0;
  let waiting = 0;

  const options = () => Array.from(list.children);
  const close = () => {
    list.hidden = true;
    chosen = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const choose = (at) => {
    const all = options();
    chosen = (at + all.length + 1) % (all.length + 1);
    if (chosen === all.length) chosen = -1;
    all.forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
    if (chosen < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    }
  };
  const take = (option) => {
    if (option.dataset.href) {
      location.href = option.dataset.href;
      return;
    }
    field.value = option.dataset.text;
    close();
    field.form.requestSubmit();
  };
  const show = (found) => {
    list.replaceChildren(...found.map((each, index) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.text = each.text;
      if (each.href) option.dataset.href = each.href;
      option.textContent = each.text;
      if (each.source) {
        const note = document.createElement("span");
        note.className = "note";
        note.textContent = ` ${each.source.replace("_", " ")}, ${each.count}`;
        option.append(note);
      }
      option.addEventListener("mousedown", (event) => { event.preventDefault(); take(option); });
      return option;
    }));
    chosen = -1;
    list.hidden = found.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
  };
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    const text = field.value.trim();
    if (text.length < 2) { close(); return; }
    waiting = setTimeout(async () => {
      const mine = ++asked;
      try {
        const answer = await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(text)}`, { headers: { accept: "application/json" } });
        if (!answer.ok) return;
        const found = (await answer.json()).suggestions;
        if (mine === asked && document.activeElement === field) show(found);
      } catch { /* without suggestions the field still searches */ }
    }, 120);
  });
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") { choose(chosen + 1); event.preventDefault(); }
    else if (event.key === "ArrowUp") { choose(chosen < 0 ? options().length - 1 : chosen - 1); event.preventDefault(); }
    else if (event.key === "Enter" && chosen >= 0) { take(options()[chosen]); event.preventDefault(); }
    else if (event.key === "Escape") { close(); event.preventDefault(); }
  });
  field.addEventListener("blur", close);
}

/** Dragging on a plain map fills the field of the area and sends its form. */
function drawing(map, field) {
  map.classList.add("can-draw");
  const hint = map.parentElement.querySelector(".drawing-hint");
  if (hint) hint.hidden = false;
  let start = null;
  let box = null;
  const place = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    return { x: Math.min(360, Math.max(0, point.x)), y: Math.min(180, Math.max(0, point.y)) };
  };
  const degrees = (value) => String(Math.round(value * 1000) / 1000);
  map.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = place(event);
  });
  map.addEventListener("pointermove", (event) => {
    if (!start) return;
    const now = place(event);
    const scale = map.getScreenCTM().a;
    if (!box && Math.hypot(now.x - start.x, now.y - start.y) * scale < 6) return;
    if (!box) {
      box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      box.setAttribute("class", "drawn");
      map.append(box);
      map.setPointerCapture(event.pointerId);
    }
    box.setAttribute("x", Math.min(start.x, now.x));
    box.setAttribute("y", Math.min(start.y, now.y));
    box.setAttribute("width", Math.abs(now.x - start.x));
    box.setAttribute("height", Math.abs(now.y - start.y));
  });
  map.addEventListener("pointerup", (event) => {
    const from = start;
    start = null;
    if (!box || !from) return;
    const to = place(event);
    const [west, east] = [Math.min(from.x, to.x) - 180, Math.max(from.x, to.x) - 180];
    const [north, south] = [90 - Math.min(from.y, to.y), 90 - Math.max(from.y, to.y)];
    field.value = [west, south, east, north].map(degrees).join(", ");
    // The area lies on the body of this map.
    const form = field.form;
    form.querySelectorAll('input[name="body"]').forEach((other) => other.remove());
    if (map.dataset.body !== "earth") {
      const body = document.createElement("input");
      Object.assign(body, { type: "hidden", name: "body", value: map.dataset.body });
      form.append(body);
    }
    form.requestSubmit();
  });
  // A drag that ends over a footprint is no click on it.
  map.addEventListener("click", (event) => { if (box) event.preventDefault(); }, true);
  map.addEventListener("dragstart", (event) => event.preventDefault());
}

function copying(button) {
  const text = document.getElementById(button.dataset.copy);
  if (!text || !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  });
}

document.querySelectorAll("input[data-suggest]").forEach(suggestions);
document.querySelectorAll("button[data-copy]").forEach(copying);
const area = document.getElementById("bbox");
if (area) document.querySelectorAll('.results svg[data-map="plain"]').forEach((map) => drawing(map, area));

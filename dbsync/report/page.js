"use strict";
const one = (where, root = document) => root.querySelector(where);
const all = (where, root = document) => [...root.querySelectorAll(where)];

// ── Light and dark ──────────────────────────────────────────────────────────────────────────────────────────────
const dark = one("#dark");
const prefers = matchMedia("(prefers-color-scheme: dark)");
let isDark = prefers.matches;
prefers.addEventListener("change", () => { isDark = prefers.matches; dark.media = "(prefers-color-scheme: dark)"; });
one("#theme").addEventListener("click", () => {
  isDark = !isDark;
  dark.media = isDark ? "all" : "not all";
  document.documentElement.style.colorScheme = isDark ? "dark" : "light";
});

// ── Search ──────────────────────────────────────────────────────────────────────────────────────────────────────
const search = one("#search");
const found = one("#found");
let texts = null;
function filter() {
  texts ??= all(".found").map((element) => [element, element.textContent.toLowerCase()]);
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  const shown = new Set();
  for (const [element, text] of texts) {
    const matches = words.every((word) => text.includes(word));
    element.hidden = !matches;
    if (matches) { count += 1; shown.add(element.id); }
  }
  for (const link of all(".names a")) link.parentElement.hidden = !shown.has(link.hash.slice(1));
  for (const section of all("main > section")) {
    const parts = all(".found", section);
    section.hidden = parts.length > 0 && parts.every((part) => part.hidden);
  }
  found.textContent = words.length ? `${count.toLocaleString("en")} found` : "";
  one(".nothing").hidden = count > 0 || !words.length;
}
let waiting = 0;
search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input")) { event.preventDefault(); search.focus(); }
  if (event.key === "Escape" && event.target === search) { search.value = ""; filter(); }
});

// ── The diagram ─────────────────────────────────────────────────────────────────────────────────────────────────
const view = one("#view");
if (view) {
  const svg = one("svg", view);
  const wide = svg.width.baseVal.value, high = svg.height.baseVal.value;
  const tools = one(".tools");
  const least = () => Math.min(view.clientWidth / wide, view.clientHeight / high, 1);
  let scale = 1, x = 0, y = 0;
  const draw = () => {
    // Moving moves what is painted; only another size paints anew.
    svg.style.transform = `translate(${x}px, ${y}px)`;
    svg.style.width = `${wide * scale}px`;
    svg.style.height = `${high * scale}px`;
    view.classList.toggle("far", scale < 0.35);
  };
  const fit = () => {
    const needed = high * Math.min(view.clientWidth / wide, 1) + 2;
    view.style.height = `${Math.min(Math.max(needed, 240), innerHeight * 0.68)}px`;
    scale = least();
    x = (view.clientWidth - wide * scale) / 2;
    y = (view.clientHeight - high * scale) / 2;
    draw();
  };
  const zoom = (factor, atX = view.clientWidth / 2, atY = view.clientHeight / 2) => {
    const next = Math.min(Math.max(scale * factor, least() / 2), 3);
    x = atX - (atX - x) * next / scale;
    y = atY - (atY - y) * next / scale;
    scale = next;
    draw();
  };
  const move = (byX, byY) => { x += byX; y += byY; draw(); };
  const full = (on = !view.classList.contains("full")) => {
    view.classList.toggle("full", on);
    tools.classList.toggle("full-tools", on);
    one('[data-do="full"]').setAttribute("aria-pressed", on);
    fit();
  };
  view.classList.add("moves");
  tools.hidden = false;
  for (const button of all("[data-do]")) {
    const action = { in: () => zoom(1.4), out: () => zoom(1 / 1.4), fit, full: () => full() }[button.dataset.do];
    button.addEventListener("click", action);
  }
  const at = (event) => { const box = view.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !view.classList.contains("full")) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), ...at(event));
  }, { passive: false });
  view.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (steps[event.key]) move(...steps[event.key]);
    else if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (event.key === "0") fit();
    else if (event.key === "Escape") full(false);
    else return;
    event.preventDefault();
  });

  const fingers = new Map();
  let dragged = 0;
  view.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!fingers.size) dragged = 0;
    fingers.set(event.pointerId, at(event));
  });
  view.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    if (others.length) {
      const [far, near] = [now, before].map((place) => Math.hypot(place[0] - others[0][0], place[1] - others[0][1]));
      if (near) zoom(far / near, (now[0] + others[0][0]) / 2, (now[1] + others[0][1]) / 2);
    } else {
      dragged += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
      move(now[0] - before[0], now[1] - before[1]);
    }
    // From here on the pointer is ours; before, a click on a table is a click.
    if (dragged > 4) { view.setPointerCapture(event.pointerId); view.classList.add("moving"); }
    fingers.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    view.addEventListener(end, (event) => { fingers.delete(event.pointerId); view.classList.remove("moving"); });
  }
  view.addEventListener("dragstart", (event) => event.preventDefault());
  view.addEventListener("click", (event) => {
    if (dragged > 4) { event.preventDefault(); return; }
    const table = event.target.closest(".table");
    choose(table?.dataset.table);
    if (table) full(false);
  });

  const lines = all(".line", svg);
  const tables = all(".table", svg);
  function choose(number) {
    for (const element of all(".near, .chosen", svg)) element.classList.remove("near", "chosen");
    svg.classList.toggle("some", number !== undefined);
    if (number === undefined) return;
    for (const line of lines) {
      const { from, to } = line.dataset;
      if (from !== number && to !== number) continue;
      line.classList.add("near");
      for (const end of [from, to]) tables[end].classList.add("near");
    }
    tables[number].classList.add("chosen");
  }
  for (const button of all(".show")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const number = button.dataset.show;
      choose(number);
      const box = one(".edge", tables[number]);
      const place = tables[number].transform.baseVal[0].matrix;
      scale = Math.max(least(), 0.8);
      x = view.clientWidth / 2 - (place.e + box.width.baseVal.value / 2) * scale;
      y = view.clientHeight / 2 - (place.f + Math.min(box.height.baseVal.value, 300) / 2) * scale;
      draw();
      view.scrollIntoView({ block: "center" });
      view.focus({ preventScroll: true });
    });
  }
  // A table that is reached with the keyboard is brought into sight.
  svg.addEventListener("focusin", (event) => {
    const [box, frame] = [event.target, view].map((element) => element.getBoundingClientRect());
    view.scrollTop = view.scrollLeft = 0;
    if (!event.target.matches(":focus-visible")) return;
    if (box.left < frame.left || box.right > frame.right) x += frame.left + frame.width / 2 - box.left - box.width / 2;
    if (box.top < frame.top || box.bottom > frame.bottom) y += frame.top + frame.height / 2 - box.top - box.height / 2;
    draw();
  });
  let width = 0;
  new ResizeObserver(() => { if (view.clientWidth !== width) { width = view.clientWidth; fit(); } }).observe(view);
}

// Parts that are out of sight get their height only when they come into it: the first jump may miss.
const arrive = () => {
  const target = document.getElementById(location.hash.slice(1));
  for (const wait of [0, 60, 200]) setTimeout(() => target?.scrollIntoView(), wait);
};
addEventListener("hashchange", arrive);
if (location.hash) addEventListener("load", arrive);

// ── Narrow screens and paper ────────────────────────────────────────────────────────────────────────────────────
if (matchMedia("(max-width: 60rem)").matches) one("nav details").open = false;
let closed = [];
addEventListener("beforeprint", () => {
  closed = all("details:not([open])");
  for (const details of closed) details.open = true;
});
addEventListener("afterprint", () => { for (const details of closed) details.open = false; });

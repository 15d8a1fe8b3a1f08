"use strict";
(() => {
  const table = document.getElementById("claim-table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const form = document.getElementById("filters");

  // A cell sorts by its number where it has one; what is empty comes last, whichever way it is sorted.
  const key = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.value === undefined) return cell.textContent.trim().toLowerCase();
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  const sort = (column, sign) => {
    const keyed = rows.map((row) => [key(row, column), row]);
    const order = new Intl.Collator("en", { numeric: true }).compare;
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (typeof a === "number" ? a - b : order(a, b));
    });
    body.append(...keyed.map(([, row]) => row));
  };
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    heads.forEach((other) => other.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    sort(column, ascending ? 1 : -1);
  }));

  const filter = () => {
    const wanted = new FormData(form);
    const words = wanted.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits = ["paper", "fidelity", "outcome"].every((name) =>
        !wanted.get(name) || row.dataset[name] === wanted.get(name));
      row.hidden = !(fits && words.every((word) => text.includes(word)));
      shown += !row.hidden;
    }
    document.getElementById("shown").textContent = `${shown} of ${rows.length} claims shown`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("change", filter);  // all that some tools send for a <select>
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();  // a browser may keep what was typed before

  // A link to something folded away opens it.
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target && target.closest("details");
    if (!folded) return;
    folded.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
  addEventListener("beforeprint", () => document.querySelectorAll("details:not(.fold)").forEach((one) => { one.open = true; }));

  // Charts are drawn one after the other. They are larger than on paper, and more so where there is room.
  const specs = JSON.parse(document.getElementById("specs").textContent);
  const SMALLEST = 1.2, LARGEST = 1.5;
  const ERRORS = 1;  // what Vega logs: not its warnings about panels without data
  const fit = (place) => {
    const svg = place.querySelector("svg");
    const made = Number(svg.getAttribute("width"));
    svg.style.width = `${Math.max(made * SMALLEST, Math.min(made * LARGEST, place.parentElement.clientWidth))}px`;
  };
  const places = [...document.querySelectorAll("[data-chart]")];
  const draw = async () => {
    for (const place of places) {
      const options = { mode: "vega-lite", renderer: "svg", actions: false, logLevel: ERRORS,
        config: { mark: { tooltip: true } } };
      await vegaEmbed(place.firstElementChild, specs[place.dataset.chart], options);
      fit(place);
    }
    document.documentElement.dataset.charts = "drawn";
    open();  // what is linked to has moved
    addEventListener("resize", () => places.forEach(fit));
  };
  draw();
})();

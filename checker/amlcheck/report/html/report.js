"use strict";
(() => {
  // The state of the page stands in its address, #text=…&status=violated,met&at=s1-3, so that it survives a reload.
  const one = (selector, under = document) => under.querySelector(selector);
  const all = (selector, under = document) => [...under.querySelectorAll(selector)];
  const form = one("#filters"), theme = one("#theme"), shown = one("#shown"), dialog = one("#explain");
  const grid = one("#matrix"), body = grid && grid.tBodies[0];
  const NAMES = ["text", "about", "status", "severity", "waived"];
  const subjects = all(".subject").map((element) => ({ element, items: [] }));
  const items = [];
  for (const subject of subjects) {
    for (const element of all(".item", subject.element)) {
      const item = { element, text: "", ...element.dataset };
      subject.items.push(item);
      items.push(item);
    }
  }

  // ---- address

  const read = () => {
    const words = location.hash.slice(1);
    return words && !words.includes("=") ? { at: words } : Object.fromEntries(new URLSearchParams(words));
  };
  const wanted = () => {
    const data = new FormData(form);
    return Object.fromEntries(NAMES.map((name) => [name, data.getAll(name).join(",").trim()]));
  };
  let kept = read().theme || ""; // the theme, once it was chosen
  const write = (at, push) => {
    const state = { ...wanted(), theme: kept, at: at || "" };
    const words = new URLSearchParams(Object.entries(state).filter((pair) => pair[1])).toString();
    try {
      history[push ? "pushState" : "replaceState"](null, "", words ? "#" + words : location.pathname + location.search);
    } catch {
      location.hash = words;
    }
  };

  // ---- filters

  const textOf = (item, subject) => {
    if (!item.text) item.text = (subject.name + "\n" + item.about + "\n" + item.element.textContent).toLowerCase();
    return item.text;
  };
  const apply = () => {
    const state = wanted();
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const statuses = state.status ? state.status.split(",") : null;
    const severities = state.severity ? state.severity.split(",") : null;
    const any = Boolean(words.length || statuses || severities || state.about || state.waived);
    let count = 0, inSubjects = 0;
    subjects.forEach((subject, index) => {
      subject.name = subject.name || one("h3 .path", subject.element).textContent;
      let found = 0;
      for (const item of subject.items) {
        const fits =
          (!statuses || statuses.includes(item.status)) &&
          (!severities || severities.includes(item.severity)) &&
          (!state.about || item.about === state.about) &&
          !(state.waived && item.waived) &&
          words.every((word) => textOf(item, subject).includes(word));
        if (item.element.hidden === fits) item.element.hidden = !fits;
        item.fits = fits;
        found += fits;
      }
      const named = any && !statuses && !severities && !state.about && !subject.items.length &&
        words.every((word) => subject.element.textContent.toLowerCase().includes(word));
      const fits = !any || found > 0 || named;
      subject.element.hidden = !fits;
      const settled = one(".settled", subject.element);
      if (settled) {
        const some = all(".item", settled).some((element) => !element.hidden);
        settled.hidden = !some;
        if (any && some) settled.open = true;
      }
      subject.element.classList.toggle("filtered", any);
      if (body) body.rows[index].hidden = !fits;
      count += found;
      inSubjects += fits;
    });
    if (grid) {
      const columns = [...grid.tHead.rows[0].cells].map((cell) => cell.textContent);
      const only = columns.indexOf(state.about);
      for (const name of [...grid.classList]) if (name.startsWith("only-")) grid.classList.remove(name);
      if (only > 0) grid.classList.add("only-" + (only + 1));
      for (const item of items) if (item.cell) item.cell.classList.toggle("out", !item.fits);
      rove();
    }
    shown.textContent = any
      ? `Showing ${count} of ${items.length} entries in ${inSubjects} of ${subjects.length} subjects.` : "";
    return any;
  };
  let filling = false;
  const fill = (state) => {
    filling = true;
    form.reset();
    filling = false;
    for (const name of NAMES) {
      if (!state[name]) continue;
      const values = state[name].split(",");
      for (const field of form.querySelectorAll(`[name="${name}"]`)) {
        if (field.type === "checkbox") field.checked = values.includes(field.value);
        else field.value = state[name];
      }
    }
  };
  let timer = 0;
  const changed = () => { write(); apply(); };
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(changed, event.target.type === "search" ? 150 : 0);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); changed(); });
  form.addEventListener("reset", () => { if (!filling) setTimeout(changed, 0); });
  const openAll = (open) => {
    for (const element of all(".subject:not([hidden]) details")) element.open = open;
  };
  one("#unfold").addEventListener("click", () => openAll(true));
  one("#fold").addEventListener("click", () => openAll(false));

  // ---- places in the page

  const go = (id) => {
    const target = id && document.getElementById(id);
    if (!target) return false;
    for (let up = target; up; up = up.parentElement) {
      if (up.tagName === "DETAILS") up.open = true;
      if (up.hidden && up !== form) up.hidden = false;
    }
    for (const before of all(".target")) before.classList.remove("target");
    target.classList.add("target");
    const focus = target.tagName === "DETAILS" ? one("summary", target) : target;
    if (focus === target && !target.hasAttribute("tabindex")) target.tabIndex = -1;
    focus.focus({ preventScroll: true });
    target.scrollIntoView({ block: target.tagName === "LI" ? "center" : "start" });
    return true;
  };
  const explain = (rule) => {
    const [title, ...rest] = rule.cloneNode(true).children;
    one("#explanation").replaceChildren(...title.children, ...rest);
    dialog.showModal();
    dialog.scrollTop = 0;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest ? event.target.closest('a[href^="#"]') : null;
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const id = link.getAttribute("href").slice(1), target = document.getElementById(id);
    if (!target) return;
    event.preventDefault();
    if (link.classList.contains("explain") && dialog.showModal) return explain(target);
    if (id !== read().at) write(id, true);
    go(id);
  });
  one("#close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  const arrive = () => {
    const state = read();
    fill(state);
    apply();
    go(state.at);
  };
  window.addEventListener("popstate", arrive);

  // ---- the matrix: one stop for Tab, arrows inside

  const rowsOf = () => [...body.rows].filter((row) => !row.hidden);
  const stopsOf = (row) => [...row.cells].map((cell) => {
    const link = one("a", cell);
    return link && cell.offsetParent !== null && !cell.classList.contains("out") ? link : null;
  });
  let stop = null;
  const rove = (to) => {
    if (to) {
      if (stop) stop.tabIndex = -1;
      stop = to;
    } else if (!stop || stop.closest("[hidden], .out")) {
      const row = [...body.rows].find((each) => !each.hidden);
      if (stop) stop.tabIndex = -1;
      stop = row ? one("a", row.cells[0]) : null;
    }
    if (stop) stop.tabIndex = 0;
  };
  if (grid) {
    grid.setAttribute("role", "grid");
    const byName = new Map(items.map((item) => [item.element.id, item]));
    for (const link of all("a", body)) {
      link.tabIndex = -1;
      const cell = link.parentElement, item = byName.get(link.hash.slice(1));
      if (cell.tagName === "TD") cell.setAttribute("role", "gridcell");
      if (item) item.cell = cell;
    }
    for (const cell of all("td.nothing", body)) cell.setAttribute("role", "gridcell");
    grid.addEventListener("focusin", (event) => { if (event.target.tagName === "A") rove(event.target); });
    grid.addEventListener("keydown", (event) => {
      if (event.altKey || event.shiftKey || event.target.tagName !== "A") return;
      const rows = rowsOf(), cell = event.target.closest("td, th");
      let y = rows.indexOf(cell.parentElement), x = cell.cellIndex;
      const last = (row) => stopsOf(row).findLastIndex(Boolean);
      const ends = event.ctrlKey || event.metaKey;
      let step = 1; // over cells with nothing in them
      switch (event.key) {
        case "ArrowRight": x += 1; break;
        case "ArrowLeft": x -= 1; step = -1; break;
        case "ArrowDown": y += 1; break;
        case "ArrowUp": y -= 1; break;
        case "PageDown": y = Math.min(y + 10, rows.length - 1); break;
        case "PageUp": y = Math.max(y - 10, 0); break;
        case "Home": x = 0; if (ends) y = 0; break;
        case "End": if (ends) y = rows.length - 1; x = last(rows[y]); break;
        default: return;
      }
      event.preventDefault();
      if (y < 0 || y >= rows.length || x < 0) return;
      const stops = stopsOf(rows[y]);
      if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
        while (x >= 0 && x < stops.length && !stops[x]) x += step;
      } else if (!stops[x]) {
        x = Math.min(x, stops.length - 1);
        while (x > 0 && !stops[x]) x -= 1;
      }
      const to = stops[x];
      if (to) { rove(to); to.focus(); }
    });
  }

  // ---- theme, paper

  const setTheme = (name) => {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
  };
  theme.value = document.documentElement.dataset.theme || "auto";
  theme.addEventListener("change", () => {
    setTheme(theme.value);
    kept = theme.value; // in the address too: a browser may keep nothing of a file
    write(read().at);
    try { localStorage.setItem("amlcheck-theme", theme.value); } catch { /* no storage here */ }
  });
  if (!CSS.supports("selector(::details-content)")) {
    let closed = [];
    window.addEventListener("beforeprint", () => {
      closed = all("details:not([open])");
      for (const element of closed) element.open = true;
    });
    window.addEventListener("afterprint", () => { for (const element of closed) element.open = false; });
  }

  form.hidden = false;
  theme.closest("label").hidden = false;
  arrive();
})();

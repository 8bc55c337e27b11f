"use strict";
(() => {
  const root = document.documentElement;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // A page opened from a file may not be allowed to remember anything.
  const memory = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* it is only a taste */ } },
  };

  // Dark and light.
  const themeButton = one("#theme");
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const showTheme = () => {
    themeButton.setAttribute("aria-pressed", String(isDark()));
    themeButton.title = isDark() ? "Light colours" : "Dark colours";
  };
  const kept = memory.get("truestep-theme");
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  themeButton.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    memory.set("truestep-theme", root.dataset.theme);
    showTheme();
  });
  showTheme();

  // Search and filters. A leaf is what has a result of its own: a scenario, or a row of examples.
  const search = one("#search");
  const filters = { outcome: one("#by-outcome"), tag: one("#by-tag"), service: one("#by-service") };
  const cards = new Map(all("[data-why]").map((card) => [card.dataset.why, card]));
  const leaves = all("[data-outcome]").map((element) => ({
    element,
    outcome: element.dataset.outcome,
    tags: element.dataset.tags.split(" "),
    services: element.dataset.services.split(" "),
    card: cards.get(element.id),
    text: null,
  }));
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const textOf = (leaf) => {
    if (leaf.text === null) {
      const outline = leaf.element.closest(".outline");
      const around = [leaf.element.closest(".feature")?.dataset.name, leaf.element.closest(".rule")?.dataset.name];
      if (outline && outline !== leaf.element) {
        around.push(one("summary", outline).textContent, ...all(".template", outline).map((part) => part.textContent));
      }
      leaf.text = plain([...around, leaf.element.dataset.tags, leaf.element.textContent].join(" "));
    }
    return leaf.text;
  };
  const outcomeMatches = (wanted, outcome) => !wanted || wanted === outcome ||
    (wanted === "bad" && outcome !== "passed" && outcome !== "flaky" && outcome !== "skipped");
  const chips = all("button[data-only]");
  const count = one("#count");

  function narrow() {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    const { outcome, tag, service } = Object.fromEntries(
      Object.entries(filters).map(([name, field]) => [name, field ? field.value : ""]));
    const isNarrow = Boolean(words.length || outcome || tag || service);
    let shown = 0;
    for (const leaf of leaves) {
      const matches = outcomeMatches(outcome, leaf.outcome) &&
        (!tag || leaf.tags.includes(tag)) && (!service || leaf.services.includes(service)) &&
        words.every((word) => textOf(leaf).includes(word));
      leaf.element.hidden = !matches;
      if (leaf.card) leaf.card.hidden = !matches;
      if (matches) shown += 1;
    }
    const hideEmpty = (selector, inner) => {
      for (const element of all(selector)) element.hidden = isNarrow && !one(inner, element);
    };
    hideEmpty(".outline", "[data-outcome]:not([hidden])");
    hideEmpty(".rule", "[data-outcome]:not([hidden])");
    hideEmpty(".feature", "[data-outcome]:not([hidden])");
    hideEmpty(".folder-part", ".feature:not([hidden])");
    hideEmpty(".failures .kind-part", ".failure:not([hidden])");
    hideEmpty(".failures", ".failure:not([hidden])");
    for (const link of all(".contents a[data-feature]")) {
      link.hidden = document.getElementById(link.dataset.feature).hidden;
    }
    for (const part of all(".contents .folder-links")) part.hidden = !one("a:not([hidden])", part);
    for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.dataset.only === outcome));
    one("#nothing").hidden = shown > 0 || !isNarrow;
    for (const button of all(".clear")) button.hidden = !isNarrow;
    document.body.classList.toggle("is-narrow", isNarrow);
    for (const link of all('.contents a[href="#failures"]')) {
      link.hidden = one("#failures").hidden;
    }
    count.textContent = isNarrow
      ? `${shown} of ${leaves.length} ${leaves.length === 1 ? "scenario" : "scenarios"} shown` : "";
    // A few: shown whole, as the word may be in their steps.
    if (words.length && shown <= 8) {
      for (const leaf of leaves) {
        const details = leaf.element.closest("details.scenario");
        if (!leaf.element.hidden && details && !details.open) { details.open = true; details.dataset.found = ""; }
      }
    } else {
      for (const details of all("details[data-found]")) { details.open = false; delete details.dataset.found; }
    }
    highlight(words);
    remember({ q: search.value.trim(), result: outcome, tag, service });
  }

  function highlight(words) {
    if (!("highlights" in CSS)) return;
    CSS.highlights.delete("found");
    const wanted = words.filter((word) => word.length > 1);
    if (!wanted.length) return;
    const ranges = [];
    for (const leaf of leaves) {
      if (ranges.length > 400) break;
      if (leaf.element.hidden) continue;
      const walker = document.createTreeWalker(leaf.element, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const text = walker.currentNode.data.toLowerCase();
        for (const word of wanted) {
          for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(walker.currentNode, at);
            range.setEnd(walker.currentNode, Math.min(at + word.length, walker.currentNode.length));
            ranges.push(range);
          }
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  // What is looked for is part of the address, so that it can be sent to somebody.
  function remember(values) {
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
    const address = `${location.pathname}${query.size ? `?${query}` : ""}${location.hash}`;
    try { history.replaceState(null, "", address); } catch { /* some viewers of files refuse */ }
  }

  function clear() {
    search.value = "";
    for (const field of Object.values(filters)) if (field) field.value = "";
    narrow();
  }

  // What was found is at the top of the page, wherever the reader was.
  function look() {
    narrow();
    scrollTo({ top: 0, behavior: "instant" });
  }
  let waiting = 0;
  search.addEventListener("input", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(look);
  });
  for (const field of Object.values(filters)) field?.addEventListener("change", look);
  for (const button of all(".clear")) {
    button.addEventListener("click", () => { clear(); search.focus(); });
  }
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      filters.outcome.value = filters.outcome.value === chip.dataset.only ? "" : chip.dataset.only;
      look();
    });
  }
  addEventListener("keydown", (event) => {
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search) {
      clear();
    }
  });

  // Open and close.
  for (const button of all("[data-open-all]")) {
    button.addEventListener("click", () => {
      const scenarios = all("#features details.scenario").filter((details) => !details.hidden);
      const open = !scenarios.every((details) => details.open);
      for (const details of scenarios) details.open = open;
      button.textContent = open ? "Close all" : "Open all";
    });
  }
  const menu = one("#menu");
  const contents = one(".contents");
  menu.addEventListener("click", () => {
    const open = contents.classList.toggle("is-open");
    menu.setAttribute("aria-expanded", String(open));
  });
  contents.addEventListener("click", (event) => {
    if (!event.target.closest("a")) return;
    contents.classList.remove("is-open");
    menu.setAttribute("aria-expanded", "false");
  });

  // Deep links open what they lead to.
  function reveal() {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    if (!target) return;
    if (target.closest("[hidden]")) clear();
    for (let details = target.closest("details"); details; details = details.parentElement.closest("details")) {
      details.open = true;
    }
    // Twice: what is above gets its true height only when it comes near.
    target.scrollIntoView({ behavior: "instant", block: "start" });
    requestAnimationFrame(() => target.scrollIntoView({ behavior: "instant", block: "start" }));
    target.classList.remove("is-target");
    void target.offsetWidth;
    target.classList.add("is-target");
    const focusable = target.matches("details") ? one("summary", target) : target;
    if (!focusable.matches("summary, a, button")) focusable.tabIndex = -1;
    focusable.focus({ preventScroll: true });
  }
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) { event.preventDefault(); reveal(); }
  });

  // Copying.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const value = button.dataset.copy === "link"
      ? new URL(button.dataset.href, location.href.split("#")[0].split("?")[0]).href
      : button.dataset.copy;
    try {
      await navigator.clipboard.writeText(value);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Cannot copy here";
    }
    setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
  });

  // Evidence is kept as data and drawn when somebody asks for it.
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const time = (ms) => (ms < 9999.5 ? `${ms.toFixed(ms < 99.95 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`);

  const isLong = (text) => text.length > 100 || text.includes("\n");
  function folded(line, text) {
    const details = make("details", "fold");
    const summary = make("summary");
    summary.append(...line);
    details.append(summary, make("pre", "", text));
    return details;
  }

  function drawTimeline(moments) {
    const list = make("ol", "timeline");
    let last = null;
    for (const moment of moments) {
      if (last !== null && moment.at !== null && moment.at - last >= 500) {
        const gap = make("li", "gap");
        gap.append(make("span", "at"), make("span", "dot"), make("span", "what", `${time(moment.at - last)} later`));
        list.append(gap);
      }
      if (moment.at !== null) last = moment.at;
      const item = make("li", `kind-${moment.kind.replace(/[^a-z]/g, "")}`);
      const what = make("div", "what");
      const line = [make("span", "kind", moment.kind), " ", make("span", "title", moment.title)];
      if (moment.late !== null) line.push(" ", make("span", "late", `${time(moment.late)} after the failure`));
      const detail = moment.detail.trim();
      if (isLong(detail)) what.append(folded(line, detail));
      else what.append(...line, ...(detail ? [" ", make("span", "detail", detail)] : []));
      item.append(make("span", "at", moment.at === null ? "" : time(moment.at)), make("span", "dot"), what);
      list.append(item);
    }
    return list;
  }

  function drawExhibit(exhibit) {
    const section = make("section", "exhibit");
    section.append(make("h5", "", exhibit.title));
    if (exhibit.text) section.append(make("pre", "", exhibit.text));
    if (exhibit.table.length) {
      const [header, ...rows] = exhibit.table;
      const table = make("table", "data");
      if (header.some(Boolean)) {
        const row = table.createTHead().insertRow();
        for (const cell of header) { const th = make("th", "", cell); th.scope = "col"; row.append(th); }
      }
      const body = table.createTBody();
      for (const cells of rows) {
        const row = body.insertRow();
        for (const cell of cells) {
          const td = make("td", cell.length < 40 ? "short" : "");
          if (cell.includes("\n")) td.append(folded(["show"], cell));
          else td.textContent = cell;
          row.append(td);
        }
      }
      const scroll = make("div", "scroll");
      scroll.tabIndex = 0;
      scroll.setAttribute("role", "region");
      scroll.setAttribute("aria-label", exhibit.title);
      scroll.append(table);
      section.append(scroll);
    }
    return section;
  }

  function draw(details) {
    const place = one(".drawn", details);
    if (place.childElementCount) return;
    const data = JSON.parse(one("script", details).textContent);
    if (data.timeline.length) {
      place.append(make("h5", "sr", "Timeline"), drawTimeline(data.timeline));
    }
    for (const exhibit of data.exhibits) place.append(drawExhibit(exhibit));
  }
  // The event of a <details> does not bubble; it is caught on its way down.
  document.addEventListener("toggle", (event) => {
    if (event.target.matches("details.evidence") && event.target.open) draw(event.target);
  }, true);

  // On paper, everything is open.
  addEventListener("beforeprint", () => {
    for (const details of all("details.evidence")) draw(details);
    for (const details of all("main details")) details.open = true;
  });

  // Where the reader is.
  const links = new Map(all(".contents a[data-feature]").map((link) => [link.dataset.feature, link]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const link = links.get(entry.target.id);
      if (entry.isIntersecting) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const id of links.keys()) seen.observe(document.getElementById(id));

  const asked = new URLSearchParams(location.search);
  search.value = asked.get("q") ?? "";
  for (const [name, key] of [["outcome", "result"], ["tag", "tag"], ["service", "service"]]) {
    const field = filters[name];
    if (field && asked.get(key)) field.value = asked.get(key);
    if (field && field.selectedIndex < 0) field.value = "";
  }
  if (location.search) narrow();
  reveal();
})();

(() => {
  "use strict";
  const root = document.documentElement;
  const LEVELS = ["decision", "technical", "expert"];
  // A browser may refuse a page from a disk its memory; then the choice lasts as long as the page.
  const remember = (name, value) => {
    try { localStorage.setItem("mpsurvey-" + name, value); } catch { /* see above */ }
  };
  const recall = (name) => {
    try { return localStorage.getItem("mpsurvey-" + name); } catch { return null; }
  };
  const dim = matchMedia("(prefers-color-scheme: dark)");
  const setTheme = (name) => { root.dataset.theme = name; };
  const isDark = () => (root.dataset.theme || (dim.matches ? "dark" : "light")) === "dark";
  if (recall("theme")) setTheme(recall("theme") === "dark" ? "dark" : "light");
  if (LEVELS.includes(recall("level"))) root.dataset.level = recall("level");

  document.addEventListener("DOMContentLoaded", () => {
    const bar = document.getElementById("bar");
    if (!root.dataset.level) root.dataset.level = bar.dataset.start;
    bar.hidden = false;
    document.querySelector(".search").hidden = false;
    controls(bar);
    follow();
    search();
    currentChapter();
    scrolling();
    intervals();
  });

  function setLevel(level) {
    root.dataset.level = level;
    for (const choice of document.getElementsByName("level")) choice.checked = choice.value === level;
  }

  function controls(bar) {
    setLevel(root.dataset.level);
    bar.addEventListener("change", (event) => {
      if (event.target.name !== "level") return;
      // What the reader looks at stays where it is while tables come and go above it.
      const held = seen();
      const before = held && held.getBoundingClientRect().top;
      setLevel(event.target.value);
      remember("level", event.target.value);
      if (held && held.offsetParent) scrollBy(0, held.getBoundingClientRect().top - before);
    });
    const dark = document.getElementById("dark");
    const show = () => dark.setAttribute("aria-pressed", String(isDark()));
    dark.addEventListener("click", () => {
      setTheme(isDark() ? "light" : "dark");
      remember("theme", root.dataset.theme);
      show();
    });
    dim.addEventListener("change", show);
    show();
    document.getElementById("print").addEventListener("click", () => print());
  }

  function seen() {
    for (const one of document.querySelectorAll("main h2, main h3")) {
      if (one.getBoundingClientRect().top > 0) return one;
    }
    return null;
  }

  // A link to what the level hides raises the level.
  function follow() {
    const reveal = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (!target || !target.closest("main section")) return;
      let need = LEVELS.indexOf(root.dataset.level);
      for (let at = target; at && at !== root; at = at.parentElement) {
        if (at.dataset.audience) need = Math.max(need, LEVELS.indexOf(at.dataset.audience));
      }
      if (LEVELS[need] !== root.dataset.level) {
        setLevel(LEVELS[need]);
        target.scrollIntoView();
      }
    };
    addEventListener("hashchange", reveal);
    reveal();
  }

  function search() {
    const box = document.getElementById("find");
    const found = document.getElementById("found");
    const nav = document.getElementById("contents");
    const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    const items = [...nav.querySelectorAll("li li")].map((item) => ({
      item, link: item.querySelector("a"), text: plain(item.textContent),
    }));
    const menu = nav.querySelector(".menu");
    if (matchMedia("(max-width: 62rem)").matches) menu.open = false;
    // The printed contents are whole, whatever the screen shows.
    let wasOpen = true;
    addEventListener("beforeprint", () => { wasOpen = menu.open; menu.open = true; });
    addEventListener("afterprint", () => { menu.open = wasOpen; });
    const themes = [...nav.querySelectorAll("ol > li")].map((item) => ({
      item, text: plain(item.querySelector(".chapter").textContent),
      details: item.querySelector("details"), open: false,
    }));
    let searching = false;
    const run = () => {
      const words = plain(box.value).split(/\s+/).filter(Boolean);
      const now = words.length > 0;
      if (now && !searching) for (const one of themes) one.open = one.details && one.details.open;
      let count = 0;
      for (const theme of themes) {
        let any = false;
        for (const { item, text } of items) {
          if (!theme.item.contains(item)) continue;
          const fits = words.every((word) => text.includes(word) || theme.text.includes(word));
          item.hidden = now && !fits;
          if (fits) { any = true; count += 1; }
        }
        theme.item.hidden = now && !any && !words.every((word) => theme.text.includes(word));
        if (theme.details) theme.details.open = now ? any : theme.details.open;
      }
      if (!now && searching) for (const one of themes) if (one.details) one.details.open = one.open;
      if (now) menu.open = true;
      searching = now;
      nav.classList.toggle("searching", now);
      found.textContent = now ? found.dataset.found.replace("{number}", count) : "";
    };
    box.addEventListener("input", run);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && box.value) { box.value = ""; run(); event.preventDefault(); }
      if (event.key !== "Enter") return;
      const first = items.find(({ item }) => searching && !item.hidden);
      if (first) { first.link.click(); first.link.focus(); }
    });
  }

  function currentChapter() {
    const links = new Map();
    for (const link of document.querySelectorAll("#contents a.chapter")) {
      links.set(link.hash.slice(1), link);
    }
    const sections = [...document.querySelectorAll("main > section")];
    let current = null;
    const mark = () => {
      let now = sections[0];
      for (const one of sections) {
        if (one.offsetParent && one.getBoundingClientRect().top < innerHeight / 3) now = one;
      }
      if (!now || now === current) return;
      if (current) links.get(current.id).removeAttribute("aria-current");
      links.get(now.id).setAttribute("aria-current", "true");
      current = now;
    };
    let waiting = false;
    addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; mark(); });
    }, { passive: true });
    mark();
  }

  // A table that fits is no stop of the Tab key; one that must be scrolled is.
  function scrolling() {
    const watch = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
      }
    });
    for (const box of document.querySelectorAll(".scroll, .plot")) {
      if (!box.querySelector("[data-says]")) watch.observe(box);
    }
  }

  // Intervals: one stop of the Tab key for each chart or table, arrow keys from figure to figure.
  function intervals() {
    const says = document.getElementById("says");
    let shown = null;
    const ofRow = (mark) => {
      const row = mark.closest("tr");
      const labels = [...row.querySelectorAll("th")].map((cell) => cell.textContent.trim());
      const ordered = columnOrder(mark.closest("table"));
      const figures = [...row.querySelectorAll("td.number")]
        .map((cell, place) => ordered[place] + " " + cell.textContent.trim());
      return labels.filter(Boolean).join(", ") + ": " + figures.join("; ");
    };
    // With two rows of headings those of the second row stand between those of the first.
    const columnOrder = (table) => {
      const [first, second] = table.tHead.rows;
      const below = second ? [...second.cells] : [];
      return [...first.cells].flatMap((cell) => cell.colSpan > 1 || cell.scope === "colgroup"
        ? below.splice(0, cell.colSpan) : [cell])
        .filter((cell) => cell.classList.contains("number"))
        .map((cell) => cell.textContent.trim());
    };
    const textOf = (mark) => mark.dataset.says || ofRow(mark);
    const show = (mark) => {
      if (shown) shown.classList.remove("shown");
      shown = mark;
      mark.classList.add("shown");
      says.textContent = textOf(mark);
      says.hidden = false;
      const at = mark.getBoundingClientRect();
      const size = says.getBoundingClientRect();
      const left = Math.min(Math.max(8, at.left + at.width / 2 - size.width / 2),
        root.clientWidth - size.width - 8);
      const above = at.top - size.height - 8;
      says.style.left = left + "px";
      says.style.top = (above > 4 ? above : at.bottom + 8) + "px";
    };
    const hide = () => {
      if (shown) shown.classList.remove("shown");
      shown = null;
      says.hidden = true;
    };
    const prepare = (mark) => {
      mark.removeAttribute("aria-hidden");
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", textOf(mark));
    };
    const marksIn = (group) => {
      const said = new Map();
      // An interval and its dot say the same; the later one, on top, speaks for both.
      for (const mark of group.querySelectorAll("[data-says], svg.interval")) {
        said.set(mark.dataset.says || mark, mark);
      }
      return [...said.values()];
    };
    for (const group of document.querySelectorAll(".plot, table:has(svg.interval)")) {
      const first = marksIn(group)[0];
      if (!first) continue;
      const drawing = group.matches(".plot") && group.querySelector("svg");
      if (drawing) {
        // Its marks are read one by one from now on, and no second tooltip covers them.
        drawing.setAttribute("role", "group");
        const title = drawing.querySelector("title");
        drawing.setAttribute("aria-label", title.textContent);
        drawing.removeAttribute("aria-labelledby");
        title.remove();
      }
      prepare(first);
      first.setAttribute("tabindex", "0");
    }
    const main = document.getElementById("content");
    const holds = (event) => event.relatedTarget === says || document.activeElement === shown;
    main.addEventListener("pointerover", (event) => {
      const cell = event.target.closest("td.drawn");
      const mark = cell && cell.querySelector("svg.interval");
      if (mark) show(mark);
    });
    main.addEventListener("pointerout", (event) => {
      if (shown && event.target.closest("td.drawn, .plot") && !holds(event)) hide();
    });
    // In a chart it is enough to point near a mark: at its interval, or anywhere in its row.
    main.addEventListener("pointermove", (event) => {
      const plot = event.target.closest(".plot");
      if (!plot) return;
      let best = null;
      let least = 26;
      for (const mark of marksIn(plot)) {
        const at = mark.getBoundingClientRect();
        const across = Math.max(at.left - event.clientX, event.clientX - at.right, 0);
        const down = Math.max(at.top - event.clientY, event.clientY - at.bottom, 0);
        const far = down < 6 ? Math.min(across / 8, 25) : Math.hypot(across, down);
        if (far < least) { best = mark; least = far; }
      }
      if (best && best !== shown) show(best);
      if (!best && shown && document.activeElement !== shown) hide();
    });
    says.addEventListener("pointerleave", hide);
    main.addEventListener("focusin", (event) => {
      if (event.target.matches("[data-says], svg.interval")) show(event.target);
    });
    main.addEventListener("focusout", hide);
    addEventListener("scroll", () => { if (shown && document.activeElement !== shown) hide(); },
      { passive: true });
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && shown) { hide(); return; }
      const mark = document.activeElement;
      if (!mark || !mark.matches("[data-says], svg.interval")) return;
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      const ends = { Home: 0, End: -1 }[event.key];
      if (step === undefined && ends === undefined) return;
      const marks = marksIn(mark.closest(".plot, table"));
      const place = ends === undefined ? marks.indexOf(mark) + step : ends;
      const next = marks.at(Math.min(place, marks.length - 1));
      if (!next || place < -1 || (place === -1 && ends === undefined)) return;
      event.preventDefault();
      mark.setAttribute("tabindex", "-1");
      prepare(next);
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  }
})();

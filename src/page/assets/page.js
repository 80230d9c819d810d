// Fetches the same page again and puts in place what has changed; counts down. The page is whole without it.
(() => {
  "use strict";
  const news = document.getElementById("news");
  const pulse = document.getElementById("pulse");
  const seconds = 1000;
  let every = Number(document.body.dataset.every) * seconds;
  let failures = 0;
  let tag = "";
  let timer = 0;

  // The word of what was just done is said once: a page that is loaded again does not say it.
  const here = new URL(location.href);
  here.searchParams.delete("done");
  history.replaceState(null, "", here);

  function span(left) {
    const [h, m, s] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    return h ? `${h} h ${m} min` : m ? `${m} min ${s} s` : `${s} s`;
  }

  function count() {
    const now = Math.floor(Date.now() / seconds);
    for (const end of document.querySelectorAll("[data-end]")) {
      const left = Number(end.dataset.end) - now;
      const words = left > 0 ? `${span(left)} left` : "due to end";
      if (end.textContent !== words) end.textContent = words;
    }
  }

  // Makes `old` what `fresh` is, touching nothing that is the same: focus, selection and scrolling stay. What has an id is
  // known by it. What the reader has opened stays open.
  function put(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh.cloneNode(true));
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
    let next = old.firstChild;
    for (const child of fresh.childNodes) {
      if (child.id && next && next.id !== child.id) {
        let same = next;
        while (same && same.id !== child.id) same = same.nextSibling;
        if (!same) {
          old.insertBefore(child.cloneNode(true), next).classList.add("changed");
          continue;
        }
        while (next !== same) next = drop(next);
      }
      if (!next) {
        old.append(child.cloneNode(true));
        continue;
      }
      const after = next.nextSibling;
      put(next, child);
      next = after;
    }
    while (next) next = drop(next);
  }

  function drop(node) {
    const after = node.nextSibling;
    node.remove();
    return after;
  }

  function standings(of) {
    const all = [...of.querySelectorAll("[data-standing]")];
    return new Map(all.map((one) => [one.id, [one.dataset.standing, one.querySelector("h1, h2").textContent]]));
  }

  function show(page) {
    const fresh = page.getElementById("main");
    const before = standings(document);
    const said = [];
    for (const [id, [standing, name]] of standings(fresh)) {
      const [old] = before.get(id) || [];
      if (old !== standing) said.push(old ? `${name}: ${standing}` : `New capture of ${name}: ${standing}`);
    }
    put(document.getElementById("main"), fresh);
    every = Number(page.body.dataset.every) * seconds;
    if (said.length) news.textContent = said.join(". ");
    count();
  }

  function tell(words, isLost) {
    pulse.hidden = !words;
    pulse.textContent = words;
    pulse.classList.toggle("lost", isLost);
  }

  async function look() {
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch(location.href, { headers, cache: "no-store", signal: AbortSignal.timeout(20 * seconds) });
      if (answer.status === 401) {
        every = 0;
        news.textContent = "You are signed out: load the page again to sign in.";
      } else if (answer.status === 200) {
        const text = await answer.text();
        tag = answer.headers.get("ETag") || "";
        show(new DOMParser().parseFromString(text, "text/html"));
      } else if (answer.status !== 304) {
        throw new Error(String(answer.status));
      }
      failures = 0;
      tell(every ? "live" : "", false);
    } catch {
      failures += 1;
      tell("no answer; tried again", true);
    }
    plan();
  }

  // Twice as long after each failure, up to two minutes; not at all while nobody looks.
  function plan() {
    clearTimeout(timer);
    if (every && !document.hidden) timer = setTimeout(look, Math.min(every * 2 ** failures, 120 * seconds));
  }

  if (!pulse || !every) return;
  tell("live", false);
  count();
  setInterval(count, seconds);
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
  plan();
})();

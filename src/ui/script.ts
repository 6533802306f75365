/**
 * The one script of all pages. It listens at the page's own address for the page's content as it is now, and puts it in place
 * when that disturbs nobody: not while a button is held or text is selected. Without it pages work, but stand still.
 */
export const script = `"use strict";
(() => {
  const main = document.getElementById("content");
  const status = document.getElementById("status");
  if (!main || !status || main.dataset.live !== "yes" || !window.EventSource) return;
  let waiting;
  const say = (text, state) => { status.textContent = text; status.dataset.state = state; };
  const busy = () => {
    const selection = document.getSelection();
    return main.querySelector(":active") !== null ||
      (selection !== null && !selection.isCollapsed && main.contains(selection.anchorNode));
  };
  const put = () => {
    if (waiting === undefined || busy()) return;
    const open = new Map([...main.querySelectorAll("details[id]")].map(each => [each.id, each.open]));
    const scrolled = new Map([...main.querySelectorAll("[data-scroll]")].map(each => [each.dataset.scroll,
      { top: each.scrollTop, left: each.scrollLeft, atEnd: each.scrollTop + each.clientHeight >= each.scrollHeight - 4 }]));
    const wide = [...main.querySelectorAll(".scroll")].map(each => each.scrollLeft);
    const focused = main.contains(document.activeElement) ? document.activeElement.id : "";
    main.innerHTML = waiting;
    waiting = undefined;
    for (const each of main.querySelectorAll("details[id]")) if (open.has(each.id)) each.open = open.get(each.id);
    for (const each of main.querySelectorAll("[data-scroll]")) {
      const was = scrolled.get(each.dataset.scroll);
      each.scrollTop = was === undefined || was.atEnd ? each.scrollHeight : was.top;
      each.scrollLeft = was === undefined ? 0 : was.left;
    }
    main.querySelectorAll(".scroll").forEach((each, i) => { each.scrollLeft = wide[i] || 0; });
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };
  for (const each of main.querySelectorAll("[data-scroll]")) each.scrollTop = each.scrollHeight;
  setInterval(put, 250);
  let events;
  const open = () => {
    events = new EventSource(location.href);
    events.addEventListener("page", event => { waiting = event.data; say("live", "live"); put(); });
    events.addEventListener("trouble", event => say(event.data, "trouble"));
    events.onerror = () => {
      const refused = events.readyState === EventSource.CLOSED;
      say(refused ? "not live" : "connection lost", "trouble");
      if (refused) { events.close(); setTimeout(() => { if (!document.hidden) open(); }, 15000); }
    };
  };
  // a page that nobody sees needs no news
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) events.close();
    else open();
  });
  open();
})();
`;

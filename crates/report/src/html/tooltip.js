(() => {
  const tip = document.getElementById("tip");
  if (!tip) return;
  const marks = [];
  for (const title of document.querySelectorAll("svg.chart [data-hover] > title")) {
    const mark = title.parentNode;
    mark.dataset.hover = title.textContent;
    marks.push(title);
  }
  // The browser would show its own slow tooltips as well.
  for (const title of marks) title.remove();
  const show = (event) => {
    const mark = event.target.closest && event.target.closest("[data-hover]");
    if (!mark || !mark.dataset.hover) { tip.hidden = true; return; }
    tip.textContent = mark.dataset.hover;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = Math.min(event.clientX + 14, innerWidth - box.width - 8);
    const above = event.clientY - box.height - 12;
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = (above < 8 ? event.clientY + 18 : above) + "px";
  };
  document.addEventListener("pointermove", show, { passive: true });
  document.addEventListener("pointerdown", show, { passive: true });
  document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
})();

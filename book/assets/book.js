// What is wider than the page scrolls by itself; the keyboard must reach it too.
const scrolling = "pre, .picture, .katex-display, .pst-scrollable-table-container";
const reach = () => {
  for (const box of document.querySelectorAll(scrolling))
    box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1;
};
addEventListener("load", reach);
addEventListener("resize", reach);
new ResizeObserver(reach).observe(document.body);  // fonts that arrive late

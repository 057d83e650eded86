// What is wider than the page scrolls by itself; the keyboard must reach it too.
const scrolling = "pre, .picture, .katex-display, .pst-scrollable-table-container";
const reach = () => {
  const boxes = [...document.querySelectorAll(scrolling)];
  const wanted = boxes.map((box) => (box.scrollWidth > box.clientWidth ? 0 : -1)); // read all, then write
  boxes.forEach((box, i) => { if (box.tabIndex !== wanted[i]) box.tabIndex = wanted[i]; });
};
addEventListener("load", reach);
addEventListener("resize", reach);
new ResizeObserver(reach).observe(document.body);  // fonts that arrive late

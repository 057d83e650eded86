// What is wider than the page scrolls by itself; the keyboard must reach it too.
const reach = (boxes) => {
  const wanted = boxes.map((box) => (box.scrollWidth > box.clientWidth ? 0 : -1)); // read all, then write
  boxes.forEach((box, i) => { if (box.tabIndex !== wanted[i]) box.tabIndex = wanted[i]; });
};
const shown = new Set(); // a box far away has no size, and measuring it would cost its layout
const sizes = new ResizeObserver((entries) => {
  const boxes = entries.map((entry) => entry.target);
  boxes.forEach((box) => shown.add(box));
  reach(boxes);
});
for (const box of document.querySelectorAll("pre, .output, .picture, .katex-display, .pst-scrollable-table-container"))
  sizes.observe(box);
document.fonts.addEventListener("loadingdone", () => reach([...shown])); // they change what is in a box, not its size

// The visible texts that stand out too little from what is behind them, as WCAG 2 counts it.
() => {
  const options = { willReadFrequently: true };
  const canvas = document.createElement("canvas").getContext("2d", options);
  const backgrounds = (element) => {
    const found = [];
    for (let one = element; one; one = one.parentElement) {
      found.unshift(getComputedStyle(one).backgroundColor);
    }
    return found;
  };
  const drawn = (colours) => {
    for (const colour of ["white", ...colours]) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (colours) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [red, green, blue] = drawn(colours).map((part) => linear(part / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility() || element.closest(".sr, script, option, .skip")) {
      continue;
    }
    const behind = backgrounds(element);
    const one = luminance(behind);
    const other = luminance([...behind, getComputedStyle(element).color]);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)} .${element.className}: ${text.slice(0, 40)}`);
  }
  return bad;
}

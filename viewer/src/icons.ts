/** Icons of the toolbar: 24 units square, drawn with the text's colour. */

const SHAPES: Record<string, string> = {
  window: '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"/>',
  pan: '<path d="M12 3v18M3 12h18M12 3l-2.5 2.5M12 3l2.5 2.5M12 21l-2.5-2.5M12 21l2.5-2.5M3 12l2.5-2.5M3 12l2.5 2.5M21 12l-2.5-2.5M21 12l-2.5 2.5"/>',
  zoom: '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5 21 21M10.5 7.5v6M7.5 10.5h6"/>',
  magnify: '<circle cx="11" cy="11" r="7.5"/><path d="M16.5 16.5 21 21"/><circle cx="11" cy="11" r="2.5" fill="currentColor"/>',
  length: '<path d="M4 20 20 4M2.5 18.5l3 3M18.5 2.5l3 3M8.5 12.5l2 2M12 9l2 2"/>',
  angle: '<path d="M20 19H4L16 5M11 19a7 7 0 0 0-2.5-5.3"/>',
  ratio: '<path d="M3 16h18M3 13v6M21 13v6M8 8h8M8 5.5v5M16 5.5v5"/>',
  clear: '<path d="M4 20h16M6.5 15.5l9-9a1.5 1.5 0 0 1 2 0l2 2a1.5 1.5 0 0 1 0 2l-8 8h-3z"/>',
  invert: '<rect x="4" y="4" width="16" height="16" rx="2"/><path d="M4 20 20 4v16z" fill="currentColor"/>',
  rotate: '<path d="M20 12a8 8 0 1 1-2.4-5.7M20 3v4.5h-4.5"/>',
  flip: '<path d="M12 3v18M9 7 3.5 17H9zM15 7l5.5 10H15z"/>',
  fit: '<path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/>',
  natural: '<path d="M5 8.5 7 7v10M17 8.5 19 7v10M12 10v.01M12 15v.01"/>',
  reset: '<path d="M4 12a8 8 0 1 0 2.4-5.7M4 3v4.5h4.5"/>',
  heat: '<path d="M12 3c1 4 5 5.5 5 10.5a5 5 0 0 1-10 0c0-2 1-3.5 2-4.5.5 1.5 1.2 2 2 2 0-3-.5-5 1-8z"/>',
  contours: '<path d="M10 5c-3 1-5.5 5-5.5 10 0 3 1.5 4 3 3.5S10 17 10 14zM14 5c3 1 5.5 5 5.5 10 0 3-1.5 4-3 3.5S14 17 14 14z"/>',
  model_ratio: '<path d="M9 4C6 5.500 4 9.500 4 15h5M15 4c3 1.500 5 5.500 5 11h-5M4 19.500h16M4 17.500v4M20 17.500v4M9 11.500h6M9 9.500v4M15 9.500v4"/>',
  prior: '<rect x="3" y="5" width="8" height="14" rx="1"/><rect x="13" y="5" width="8" height="14" rx="1"/>',
  link: '<path d="M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1"/>',
  next: '<path d="m9 5 7 7-7 7"/>',
  back: '<path d="m15 5-7 7 7 7"/>',
  help: '<circle cx="12" cy="12" r="9"/><path d="M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.8.4-1 .9-1 1.7M12 16.5v.01"/>',
};

export function icon(name: string): SVGElement {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false" fill="none"
    stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">${SHAPES[name] ?? ""}</svg>`;
  return holder.content.firstElementChild as SVGElement;
}

/// How a report looks: one column of text, in light or dark, as the reader's system has it.
enum ReportStyle {
  static let sheet = """
    :root {
      color-scheme: light dark;
      --ink: #1d2126; --muted: #58616b; --paper: #ffffff; --panel: #f4f6f8; --line: #d9dee3; --accent: #0a5c94;
      --remark: #fff4d6;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ink: #e6e8ea; --muted: #a0a8b0; --paper: #15181c; --panel: #1f2429; --line: #363d45; --accent: #6cb8ee;
        --remark: #3a3015;
      }
      svg { filter: brightness(1.45); }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 64rem; background: var(--paper); color: var(--ink);
      font: 1rem/1.55 -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
    }
    h1 { font-size: 1rem; font-weight: 600; color: var(--muted); margin: 0; }
    h2 { font-size: 2rem; line-height: 1.2; margin: 0.5rem 0 0.75rem; overflow-wrap: anywhere; }
    h3 { font-size: 1.2rem; margin: 2.75rem 0 0.5rem; }
    p { max-width: 44rem; margin: 0.5rem 0; }
    .introduction { font-size: 1.1rem; }
    .remark { background: var(--remark); padding: 0.6rem 0.9rem; border-radius: 0.4rem; overflow-wrap: anywhere; }
    a { color: var(--accent); }
    nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; list-style: none; }
    article + article, section + article { margin-top: 4rem; border-top: 3px solid var(--line); padding-top: 1rem; }
    section { overflow-x: auto; }
    table { border-collapse: collapse; margin: 1rem 0 1.5rem; font-variant-numeric: tabular-nums; }
    caption { caption-side: top; text-align: left; color: var(--muted); padding-bottom: 0.4rem; }
    caption:empty { display: none; }
    th, td { padding: 0.35rem 0.9rem; text-align: right; border-bottom: 1px solid var(--line); }
    thead th { font-weight: 600; color: var(--muted); font-size: 0.9rem; vertical-align: bottom; }
    th:first-child { text-align: left; padding-left: 0.5rem; }
    tbody th { font-weight: 400; }
    tr.highlighted { background: var(--panel); }
    tr.highlighted th, tr.highlighted td { font-weight: 700; }
    .words td, .words th { text-align: left; }
    figure { margin: 1rem 0 1.5rem; }
    figcaption { color: var(--muted); font-size: 0.92rem; max-width: 44rem; margin-top: 0.35rem; }
    img, svg { max-width: 100%; height: auto; }
    svg { min-width: 40rem; }
    img { image-rendering: pixelated; border-radius: 0.25rem; display: block; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 1.25rem; margin-top: 1rem; }
    .tiles figure { margin: 0; }
    summary { cursor: pointer; color: var(--accent); }
    pre { background: var(--panel); padding: 1rem; border-radius: 0.4rem; overflow-x: auto; font-size: 0.85rem; }
    footer { margin-top: 4rem; border-top: 1px solid var(--line); color: var(--muted); font-size: 0.92rem; }
    dt { font-weight: 600; color: var(--ink); }
    dd { margin: 0 0 0.5rem; max-width: 44rem; }
    """
}

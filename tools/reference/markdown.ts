// Markdown tables and code. A cell may contain any character.

/** Returns a table. Each row has a cell for each title. */
export function formatTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [titles, titles.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  )
  return lines
    .join('\n')
    .replace(/\| --- /g, '|---')
    .replace(/\|---(.*) \|$/m, '|---$1|')
}

export function asCode(text: string): string {
  return `\`${text}\``
}

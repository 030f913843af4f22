// Markdown of what the code has: a table's cells are what they are, whatever characters are in them.

/** A table; each row has a cell for each title. */
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

/** Text as code. */
export function asCode(text: string): string {
  return `\`${text}\``
}

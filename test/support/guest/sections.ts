// The parts of a guest's output.

/** Splits it at lines such as "=== loaded" or "=== loaded at 12.34". Returns title → what the script printed below. */
export function readSections(output: string): Map<string, string> {
  const sections = output.split(/^=== /m).map((part): [string, string] => {
    const end = part.indexOf('\n')
    return [part.slice(0, end).replace(/ at [\d.]+$/, ''), part.slice(end + 1)]
  })
  return new Map(sections)
}

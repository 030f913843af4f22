// Text in lines of a given width, for where nothing else breaks them: a terminal, an SVG.

/** Breaks a text into lines of at most `width` characters, between words where it can. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).flatMap((each) => splitWord(each, width))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length <= width) line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}

/** At most `count` lines; the last one says by an ellipsis that there was more. */
export function cutLines(lines: readonly string[], count: number): string[] {
  if (lines.length <= count) return [...lines]
  const last = (lines[count - 1] ?? '').replace(/.{2}$/u, '')
  return [...lines.slice(0, count - 1), `${last} …`]
}

function splitWord(word: string, width: number): string[] {
  return word.match(new RegExp(`.{1,${width}}`, 'gsu')) ?? ['']
}

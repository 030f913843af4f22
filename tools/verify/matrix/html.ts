// Markup in which no text can become markup: whatever is put into it is escaped unless it came out of `html` itself.

const isMarkup = Symbol('markup')
export type Markup = { readonly [isMarkup]: true; readonly text: string }
type Value = string | number | Markup | readonly Markup[]

/** Puts HTML or SVG together. Strings are escaped, for text and for quoted attributes alike. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const text = parts.map((part, index) => part + writeValue(values[index] ?? '')).join('')
  return { [isMarkup]: true, text }
}

/** For text that is ours and is markup already, such as a style sheet. */
export function trustMarkup(text: string): Markup {
  return { [isMarkup]: true, text }
}

function writeValue(value: Value): string {
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number') return String(value)
  return 'text' in value ? value.text : value.map(({ text }) => text).join('\n')
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

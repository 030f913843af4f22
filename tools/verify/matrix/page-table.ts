// The table of the page: every caller, every request, what was seen and which resources declare it.
import { html, type Markup } from './html.ts'
import type { AskedFor, Caller, Cell, Report } from './report.ts'
import { nameOutcome } from './verdict.ts'

/** A resource that is declared, or that a cell names though nobody looked whether it is there. */
export type Resource = { resource: string; inPlace: boolean | undefined }

/** All that declare something. A cell names them by their number in this list, from 1. */
export function listResources({ declarations, cells }: Report): Resource[] {
  const known = new Set(declarations.map(({ resource }) => resource))
  const others = new Set(cells.flatMap(({ by }) => by).filter((name) => !known.has(name)))
  return [...declarations, ...[...others].map((resource) => ({ resource, inPlace: undefined }))]
}

/** Renders it with the callers as rows and the requests as columns. */
export function renderTable(report: Report): Markup {
  const { callers, requests } = report
  const names = listResources(report).map(({ resource }) => resource)
  return html`<table aria-labelledby="matrix">
<thead><tr><th scope="col">caller</th>${requests.map(renderHead)}</tr></thead>
<tbody>
${callers.map((caller) => renderRow(report, caller, names))}
</tbody>
</table>`
}

function renderHead({ method, path, of }: AskedFor): Markup {
  return html`<th scope="col">${method} <span class="path">${path}</span> <small>${of}</small></th>`
}

function renderRow(
  { requests, cells }: Report,
  { id, name, shows }: Caller,
  names: readonly string[],
): Markup {
  const own = cells.filter(({ caller }) => caller === id)
  return html`<tr><th scope="row">${name} <small>shows ${shows}</small></th>
${requests.map((request) =>
  renderCell(
    own.find((cell) => cell.request === request.id),
    names,
  ),
)}
</tr>`
}

function renderCell(cell: Cell | undefined, names: readonly string[]): Markup {
  if (cell === undefined) return html`<td class="none" title="has no way to ask">–</td>`
  const { seen, declared, answer, by } = cell
  const kind = seen !== declared ? 'wrong' : seen === 'served' ? 'served' : 'refused'
  const symbol = { wrong: '!!', served: '✓', refused: '✕' }[kind]
  const word = kind === 'wrong' ? `, declared: ${nameOutcome(declared)}` : ''
  const numbers = by.map((name) => names.indexOf(name) + 1).join(', ')
  return html`<td class="${kind}" title="${by.join(', ')}"><span class="verdict"><span class="symbol">${symbol}</span> ${nameOutcome(seen)}${word}</span>${by.length === 0 ? [] : [html` <sup>${numbers}</sup>`]} <small>${answer}</small></td>`
}

// The report as one HTML file that needs nothing else: no script, no font, no request to anybody.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { html, type Markup, trustMarkup } from './html.ts'
import { narrow, wide } from './lane-layout.ts'
import { findPictured } from './lanes.ts'
import { listResources, renderTable } from './page-table.ts'
import { drawPicture } from './picture.ts'
import { holds, listLocks, type Report } from './report.ts'
import { countReport, describeDisagreements, lockWords } from './verdict.ts'

const style = ['page.css', 'picture.css'].map((name) =>
  trustMarkup(readFileSync(join(import.meta.dirname, name), 'utf8')),
)
/** What a screenshot is of: verdict, picture and table. */
export const GLANCE = 'at-a-glance'

/** Renders the whole page. Whatever the report says is text in it. */
export function renderPage(report: Report): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<title>Who gets a signature: ${holds(report) ? 'as declared' : 'NOT as declared'}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<div id="${GLANCE}">
${renderVerdict(report)}
${renderPicture(report)}
<section aria-labelledby="matrix"><h2 id="matrix">Who may do what</h2>
<p class="caption">What each caller got, and the answer. The small numbers are the resources below that declare it.</p>
<div class="scrolls" tabindex="0" role="region" aria-labelledby="matrix">${renderTable(report)}</div>
</section>
</div>
${renderLocks(report)}
${renderResources(report)}
${renderFacts(report)}
</main>
</body>
</html>
`
  return page.text
}

function renderVerdict(report: Report): Markup {
  const { cells, asDeclared, refused, declarations, inPlace } = countReport(report)
  const isGood = holds(report)
  const disagreements = describeDisagreements(report)
  const verdict = isGood
    ? 'Holds: everybody gets what is declared, and nothing else'
    : `DOES NOT HOLD, for ${disagreements.length} reason${disagreements.length === 1 ? '' : 's'}`
  const figures: [name: string, value: string, isGood: boolean][] = [
    ['as declared', `${asDeclared} of ${cells}`, cells > 0 && asDeclared === cells],
    ['refused', `${refused}`, true],
    ['resources in place', `${inPlace} of ${declarations}`, inPlace === declarations],
    [
      'signatures without right',
      `${report.signaturesWithoutRight}`,
      report.signaturesWithoutRight === 0,
    ],
  ]
  return html`<header>
<h1>Who gets a signature</h1>
<p class="holds ${isGood ? 'good' : 'bad'}"><span class="symbol">${isGood ? '✓' : '✕'}</span> ${verdict}</p>
<dl class="figures">${figures.map(([name, value, good]) => html`<div class="${good ? 'good' : 'bad'}"><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${disagreements.length === 0 ? [] : [html`<ul class="disagreements">${disagreements.map((text) => html`<li>${text}</li>`)}</ul>`]}
</header>`
}

function renderPicture(report: Report): Markup {
  const request = findPictured(report)
  if (request === undefined) return html``
  const isBroken = report.cells.some(
    (cell) => cell.request === request.id && cell.seen !== cell.declared,
  )
  return html`<section aria-labelledby="picture">
<h2 id="picture">How far each caller gets with <code>${request.method} ${request.path}</code></h2>
<p class="caption">A lane ends at the lock that refuses it.${isBroken ? ' A dashed ring is where it was declared to end.' : ''}</p>
${[wide, narrow].map((layout) => drawPicture(report, request, layout))}
</section>`
}

function renderLocks(report: Report): Markup {
  const items = listLocks(report).map((lock) => {
    const { label, refuses } = lockWords[lock]
    return html`<div><dt>${label}</dt><dd>${refuses}</dd></div>`
  })
  return html`<section aria-labelledby="locks"><h2 id="locks">The locks</h2><dl class="pairs">${items}</dl></section>`
}

function renderResources(report: Report): Markup {
  const items = listResources(report).map(({ resource, inPlace }) => {
    const state = inPlace === undefined ? 'not looked for' : inPlace ? 'in place' : 'MISSING'
    return html`<li class="${inPlace === false ? 'missing' : 'there'}">${resource} <span class="state">${state}</span></li>`
  })
  return html`<section aria-labelledby="resources"><h2 id="resources">What declares it</h2><ol class="resources">${items}</ol></section>`
}

function renderFacts({ takenAt, seconds, cluster, istio }: Report): Markup {
  const when = takenAt.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')
  return html`<footer><dl class="pairs">
<div><dt>taken</dt><dd><time datetime="${takenAt}">${when}</time>, in ${seconds.toFixed(0)} s</dd></div>
<div><dt>cluster</dt><dd>${cluster}</dd></div>
<div><dt>Istio</dt><dd>${istio}</dd></div>
</dl></footer>`
}

// An SVG of docs/ as the browser draws it in a page of some width: where its texts, shapes and lines are.
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { type Box, computeContrast, parseColour } from './readable.ts'

const docs = join(CHECKOUT, 'docs')
/** Points of a line that are looked at, in CSS pixels apart. */
const STEP_PX = 2

type Text = Box & { colour: string; sizePx: number }
type Shape = Box & { colour: string }
type Point = { x: number; y: number }
/** What is used of the DOM's own type. */
type Path = {
  getTotalLength: () => number
  getPointAtLength: (at: number) => { matrixTransform: (matrix: unknown) => Point }
  getScreenCTM: () => unknown
}
export type Drawing = { texts: Text[]; shapes: Shape[]; lines: Point[][] }

/** Shows docs/`name`, as wide as the page. */
export async function showDrawing(page: Page, name: string): Promise<void> {
  const svg = await readFile(resolve(docs, name), 'utf8')
  await page.setContent(`<style>body { margin: 0 } svg { width: 100%; height: auto }</style>${svg}`)
}

/** Measures what is shown; shapes in the order in which they are painted. */
export async function measureDrawing(page: Page): Promise<Drawing> {
  const measure = (selector: string) =>
    page.locator(selector).evaluateAll((elements) =>
      elements.map((element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect()
        const style = element.ownerDocument.defaultView?.getComputedStyle(element)
        const [, , width = 1] = (element.closest('svg')?.getAttribute('viewBox') ?? '')
          .split(' ')
          .map(Number)
        const scale = (element.closest('svg')?.clientWidth ?? 0) / width
        const sizePx = Number.parseFloat(style?.fontSize ?? '0') * scale
        const text = element.textContent ?? ''
        return { text, left, right, top, bottom, colour: style?.fill ?? '', sizePx }
      }),
    )
  const lines = await page.locator('path:not(defs path)').evaluateAll(
    (elements, step) =>
      elements.map((element) => {
        const path = element as unknown as Path
        const matrix = path.getScreenCTM()
        const count = Math.ceil(path.getTotalLength() / step)
        return Array.from({ length: count + 1 }, (_, index) => {
          const { x, y } = path.getPointAtLength(index * step).matrixTransform(matrix)
          return { x, y }
        })
      }),
    STEP_PX,
  )
  return { texts: await measure('text, tspan'), shapes: await measure('rect, circle'), lines }
}

/** Texts that are partly in a shape and partly out of it, or nearer to its edge than `margin`. */
export function listOverflows({ texts, shapes }: Drawing, margin: number): string[] {
  const crosses = (text: Box, shape: Box) => {
    const isApart = (by: number) =>
      text.left >= shape.right + by ||
      text.right <= shape.left - by ||
      text.top >= shape.bottom + by ||
      text.bottom <= shape.top - by
    const isInside =
      text.left >= shape.left + margin &&
      text.right <= shape.right - margin &&
      text.top >= shape.top &&
      text.bottom <= shape.bottom
    return !isInside && !isApart(0)
  }
  return texts
    .filter((text) => shapes.some((shape) => crosses(text, shape)))
    .map(({ text }) => text)
}

/** Texts that a line runs through. */
export function listStruck({ texts, lines }: Drawing): string[] {
  const strikes = ({ x, y }: Point, { left, right, top, bottom }: Box) =>
    x > left && x < right && y > top && y < bottom
  return texts
    .filter((box) => lines.flat().some((point) => strikes(point, box)))
    .map(({ text }) => text)
}

/** The least contrast of a text with the shape that it is painted on. */
export function listContrasts({ texts, shapes }: Drawing) {
  return texts.map(({ text, colour, left, right, top, bottom }) => {
    const [x, y] = [(left + right) / 2, (top + bottom) / 2]
    const behind = shapes.findLast(
      (shape) => shape.left < x && x < shape.right && shape.top < y && y < shape.bottom,
    )
    if (behind === undefined) throw new Error(`nothing behind: ${text}`)
    return { text, contrast: computeContrast(parseColour(colour), parseColour(behind.colour)) }
  })
}

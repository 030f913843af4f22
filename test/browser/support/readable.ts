// What makes text readable: it is there in whole, nothing lies on it, and it stands out from what is behind it.
import type { Locator, Page } from 'playwright-core'

export type Box = { text: string; left: number; right: number; top: number; bottom: number }
type Colour = readonly [red: number, green: number, blue: number, alpha: number]

/** Where the visible texts of `texts` are. */
export function findBoxes(texts: Locator): Promise<Box[]> {
  return texts.evaluateAll((elements) =>
    elements.map((element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect()
      return { text: element.textContent ?? '', left, right, top, bottom }
    }),
  )
}

/** Pairs of texts that lie on each other. */
export function listOverlaps(boxes: readonly Box[]): string[] {
  return boxes.flatMap((a, index) =>
    boxes
      .slice(index + 1)
      .filter(
        (b) => a.left < b.right && b.left < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom,
      )
      .map((b) => `${a.text} / ${b.text}`),
  )
}

/** Every visible element with text of its own, its colour, and what is behind it, the nearest first. */
export async function readColours(page: Page) {
  const found = await page.locator('main *').evaluateAll((elements) =>
    elements.flatMap((element) => {
      const own = [...element.childNodes].filter(({ nodeType }) => nodeType === 3)
      const text = own.map((node) => node.textContent).join('')
      if (text.trim() === '' || !element.checkVisibility()) return []
      const styleOf = (each: typeof element) =>
        each.ownerDocument.defaultView?.getComputedStyle(each)
      const style = styleOf(element)
      const behind: string[] = []
      for (let each: typeof element | null = element; each !== null; each = each.parentElement) {
        behind.push(styleOf(each)?.backgroundColor ?? '')
      }
      const colour = element.matches('text') ? style?.fill : style?.color
      return [{ text: text.trim(), colour: colour ?? '', behind }]
    }),
  )
  return found.map(({ text, colour, behind }) => {
    const background = behind.map(parseColour).find(([, , , alpha]) => alpha > 0)
    if (background === undefined) throw new Error(`nothing behind: ${text}`)
    return { text, colour, contrast: computeContrast(parseColour(colour), background) }
  })
}

type Point = { address: string; x: number; y: number }

/** The width of an image, and the colour of one of its points, as the browser of `anywhere` decodes it. */
export function readPixel(anywhere: Locator, point: Point) {
  return anywhere.evaluate(async ({ ownerDocument }, { address, x, y }: Point) => {
    const image = ownerDocument.createElement('img')
    image.src = address
    await image.decode()
    const canvas = ownerDocument.createElement('canvas')
    canvas.width = image.naturalWidth
    canvas.height = image.naturalHeight
    const context = canvas.getContext('2d')
    context?.drawImage(image, 0, 0)
    const [red, green, blue] = context?.getImageData(x, y, 1, 1).data ?? []
    return { width: image.naturalWidth, colour: `rgb(${red}, ${green}, ${blue})` }
  }, point)
}

/** WCAG 2.2's ratio, 1 to 21. */
export function computeContrast(a: Colour, b: Colour): number {
  const [dark = 0, light = 0] = [computeLuminance(a), computeLuminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

function computeLuminance([red, green, blue]: Colour): number {
  const [r = 0, g = 0, b = 0] = [red, green, blue].map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

export function parseColour(text: string): Colour {
  const [red, green, blue, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number)
  if (red === undefined || green === undefined || blue === undefined) {
    throw new Error(`not a colour: ${text}`)
  }
  return [red, green, blue, alpha]
}

// The files and folders that the pages name exist, their links work, and the README is short.
import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { pages, readFile } from '../../support/pages/pages.ts'

/** A path of the repository. */
const path = /`((?:clients?|docs|examples|frontend|k8s|mesh|runtime|signer|test|tools)\/[\w./-]*)`/g

/** GitHub's anchors. */
function listAnchors(page: string): string[] {
  return [...readFile(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each([...pages, 'CONTRIBUTING.md', 'SECURITY.md'])('%s', (page) => {
  const links = [...readFile(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(
    ([, target = '']) => target,
  )
  const named = [...readFile(page).matchAll(path)].map(([, name = '']) => name)
  test('names files and folders that exist', () => {
    expect(named.filter((name) => !existsSync(join(CHECKOUT, name)))).toEqual([])
  })

  test('has no broken links', () => {
    for (const link of links) {
      const [path = '', anchor] = link.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      expect(existsSync(join(CHECKOUT, file)), link).toBe(true)
      if (anchor !== undefined) expect(listAnchors(file), link).toContain(anchor)
    }
  })
})

test.each(pages.filter((page) => page !== 'docs/README.md'))('the index leads to %s', (page) => {
  expect(readFile('docs/README.md')).toContain(`](${relative('docs', page)}`)
})

test('the README has at most 900 words besides its commands', () => {
  const text = readFile('README.md').replace(/^ {4}.*$|^```[\s\S]*?^```/gm, '')
  expect(text.trim().split(/\s+/).length).toBeLessThanOrEqual(900)
})

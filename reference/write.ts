// make docs: writes the pages of docs/ that are made of the code, and says which were not up to date.
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { runMain, say } from '../cli/terminal.ts'
import { makePages } from './pages.ts'

const root = resolve(import.meta.dirname, '..')

await runMain(async () => {
  for (const { file, text } of await makePages()) {
    const path = join(root, file)
    const before = await readFile(path, 'utf8').catch(() => '')
    if (text !== before) await writeFile(path, text)
    say(`${file}: ${text === before ? 'unchanged' : 'written'}`)
  }
})

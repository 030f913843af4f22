// make docs: writes the generated pages of docs/. Prints which pages changed.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { runMain, say } from '../cli/terminal.ts'
import { makePages } from './pages.ts'

await runMain(async () => {
  for (const { file, text } of await makePages()) {
    const path = join(CHECKOUT, file)
    const before = await readFile(path, 'utf8').catch(() => '')
    if (text !== before) await writeFile(path, text)
    say(`${file}: ${text === before ? 'unchanged' : 'written'}`)
  }
})

// The commands and grants of docs/key-managers.md for AWS, Azure and Google, read from the page.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { listOf } from './commands.ts'

const file = join(CHECKOUT, 'docs/key-managers.md')
const page = await readFile(file, 'utf8')

/** The page's bash function that makes a key. */
export const makeKey = find(/make_key\(\) .*/)
/** The page's bash function that makes a webhook key. */
export const makeWebhookKey = find(/make_webhook_key\(\) .*/)
/** Returns the bash functions `create`, `get` and `put` of a cloud's section. */
export function findFunctions(section: string): string[] {
  const [, text = ''] = page.split(`### ${section}\n`)
  const [block = ''] = text.split('\n\n').filter((each) => each.trim() !== '')
  return block.split('\n').map((line) => line.trim())
}

/** Returns the whole command that begins with `start`. */
export function findCloudCommand(start: string): string {
  const command = listOf(page).find((each) => each.startsWith(start))
  if (command === undefined) throw new Error(`the page has no command "${start}"`)
  return command
}

/** Returns the command below the comment that begins with `title`. */
export function findCommand(title: string): string {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`    # ${title}`))
  if (start < 0) throw new Error(`the page has no command "${title}"`)
  return lines[start + 1]?.trim() ?? ''
}

/** Returns the AWS policy statement that allows `action`, with its placeholders. */
export function findStatement(action: string): string {
  return find(
    new RegExp(`\\{"Effect": "Allow", "Action": "${action}",[^]*?\\}(?=\\n      \\{|\\n- )`),
  )
}

function find(wanted: RegExp): string {
  const [found] = wanted.exec(page) ?? []
  if (found === undefined) throw new Error(`the page has nothing like ${wanted}`)
  return found
}

// make who-signed: finds the records of signatures. Exits with 0 if each has one, with 1 if one is not by these signers, with 3 if
// one has none but records are missing or faulty, and with 2 if the input is wrong.
import { text } from 'node:stream/consumers'
import { readVariable } from '../../cli/make-variables.ts'
import { runMain, say, UserError } from '../../cli/terminal.ts'
import { formatFaults, formatVerdict, isComplete, sayNotes } from './report.ts'
import { createLookup, parseSignatures, type Sought } from './signatures.ts'
import { type Verified, verify } from './verify.ts'

await runMain(async () => {
  const sought = parseSignatures(await readTexts())
  const verified = await verify(createLookup(sought))
  const isWhole = isComplete(verified)
  const all = [...sought.values()]
  process.stdout.write(`${all.flatMap((each) => format(each, isWhole)).join('\n')}\n`)
  const missing = all.filter((each) => !each.isVerified)
  if (missing.length > 0) explain(verified, missing.length)
  process.exitCode = missing.length === 0 ? 0 : isWhole ? 1 : 3
}, 2)

async function readTexts(): Promise<string[]> {
  const wanted = readVariable('SIGNATURE')
  if (wanted === undefined) {
    throw new UserError(
      'SIGNATURE is not set',
      'Set it to a signature, or to - for standard input.',
    )
  }
  if (wanted !== '-') return [wanted]
  if (readVariable('FILES')?.split(/\s+/).includes('-')) {
    throw new UserError(
      'FILES and SIGNATURE both read standard input',
      'Write one of them to a file.',
    )
  }
  return (await text(process.stdin))
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}

function format({ signature, lines, records }: Sought, isWhole: boolean): string[] {
  const name = `signature=${signature}`
  if (records === 0) return [`${name} ${isWhole ? 'not by these signers' : 'not found'}`]
  const more = records > lines.length ? [`${name} and ${records - lines.length} more records`] : []
  return [...lines.map((line) => `${name} ${line}`), ...more]
}

function explain(verified: Verified, missing: number): void {
  sayNotes(verified)
  say(formatVerdict(verified))
  if (isComplete(verified)) {
    say(`${missing} not by these signers. Are the logs of all signers here?`)
    say('If so, and if the signature verifies with a key of theirs, that key has leaked.')
    say('  → docs/keys.md#leaked-key says what to do.')
    return
  }
  for (const line of formatFaults(verified).slice(0, 10)) say(line)
  say(`${missing} not on a genuine record. It may be among the records that are missing or wrong.`)
  say(
    '  → Give all logs, with the shipped ones, in FILES. `make verify-audit` lists what is wrong.',
  )
}

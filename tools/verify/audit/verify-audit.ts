// make verify-audit: verifies the audit log. Exits with 0 if every record is intact, with 1 if a record is not or cannot be
// verified, and with 2 if there is nothing to verify.
import { runMain } from '../../cli/terminal.ts'
import { formatFaults, formatVerdict, sayNotes } from './report.ts'
import { verify } from './verify.ts'

await runMain(async () => {
  const verified = await verify()
  sayNotes(verified)
  process.stdout.write(`${[...formatFaults(verified), formatVerdict(verified)].join('\n')}\n`)
  const { faults, unchained, problems } = verified
  process.exitCode = faults.count + unchained.count + problems.length === 0 ? 0 : 1
}, 2)

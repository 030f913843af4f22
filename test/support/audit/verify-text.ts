// Verifies texts as if they were files.
import {
  createVerifier,
  type OnRecord,
  type Report,
} from '../../../tools/verify/audit/audit-verifier.ts'
import { readLog } from '../../../tools/verify/audit/read-log.ts'
import { auditKey } from './records.ts'

/** Each list is one log, and a text is a file of it. */
export async function verifyTexts(
  logs: readonly (readonly (string | Buffer)[])[],
  onRecord?: OnRecord,
  keys = [auditKey],
): Promise<Report> {
  const verifier = createVerifier(keys, onRecord)
  for (const [index, texts] of logs.entries()) {
    const files = texts.map((text, at) => ({
      name: `${index}-${at}.log`,
      open: () => cut(Buffer.from(text)),
    }))
    await readLog({ files, readAt: 0 }, verifier)
  }
  return verifier.end()
}

const PIECE = 10_007
/** Pieces end anywhere, also within a character. */
async function* cut(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += PIECE) {
    yield bytes.subarray(start, start + PIECE)
  }
}

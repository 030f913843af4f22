// Python's hmac as an independent implementation. One process serves many messages.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { cleanUp } from '../clean-up.ts'

const program = `
import base64, hmac, sys
for line in sys.stdin:
    key, message = (base64.b64decode(part) for part in line.split(","))
    print(hmac.new(key, message, "sha256").hexdigest(), flush=True)
`

/** Starts Python. The returned function computes HMAC-SHA256 in lower-case hex. Call it once at a time. */
export function startPythonHmac(): (key: Uint8Array, message: Uint8Array) => Promise<string> {
  const python = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  cleanUp(() => void python.kill('SIGKILL'))
  const lines = createInterface(python.stdout)[Symbol.asyncIterator]()
  return async (key, message) => {
    const words = [key, message].map((bytes) => Buffer.from(bytes).toString('base64'))
    python.stdin.write(`${words.join(',')}\n`)
    return (await lines.next()).value ?? 'Python exited'
  }
}

// make demo: runs signer and frontend as two processes of this machine, on Linux and macOS, without root. The frontend calls the
// signer at its socket. Everything is in one folder, which is gone at the end.
import { randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { showPath } from '../cli/checkout.ts'
import { readVariable } from '../cli/make-variables.ts'
import { elapsed, runMain, say, UserError } from '../cli/terminal.ts'
import { auditKeyEntry, primaryEntry } from '../deploy/keys/entries.ts'
import { type LocalService, startLocalService } from './local-service.ts'

/** The path of a socket has at most 103 bytes on macOS, whose folder for temporary files takes half of them. */
const temporary = tmpdir().length <= 40 ? tmpdir() : '/tmp'
const keyId = 'key-1'
const message = 'hello'

await runMain(async () => {
  const start = performance.now()
  const port = readPort()
  const stopped = untilStopped()
  const folder = await mkdtemp(join(temporary, 'signing-demo-'))
  const services: LocalService[] = []
  const auditFile = join(folder, 'audit.log')
  const auditLines: string[] = []
  let audit: (line: string) => void = (line) => auditLines.push(line)
  try {
    const onAuditLine = (line: string) => {
      appendFileSync(auditFile, `${line}\n`)
      audit(line)
    }
    services.push(...(await startServices(folder, port, onAuditLine)))
    const ended = services.map((service) => service.ended)
    const listening = Promise.all(services.map((service) => service.listening))
    const introduced = listening.then(async () => {
      await introduce(`http://127.0.0.1:${port}`, join(folder, 'key'), auditFile, start)
      audit = say
      for (const line of auditLines) say(line)
      return stopped
    })
    await Promise.race([introduced, stopped, ...ended])
  } finally {
    await Promise.all(services.map((service) => service.stop()))
    await rm(folder, { recursive: true })
  }
  say('Stopped. The key and all files of the demo are deleted.')
})

function readPort(): string {
  const port = readVariable('DEMO_PORT') ?? '8080'
  if (/^[1-9]\d{0,4}$/.test(port) && Number(port) < 65_536) return port
  throw new UserError(`DEMO_PORT=${port} is not a port`, 'Use a number from 1 to 65535.')
}

/** Resolves at the first signal. The handlers stay, so that a second one does not interrupt the end. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve())
  })
}

async function startServices(
  folder: string,
  port: string,
  onAuditLine: (line: string) => void,
): Promise<LocalService[]> {
  const keys = join(folder, 'key')
  const pairing = join(folder, 'pairing')
  const sockets = join(folder, 'run')
  for (const path of [keys, pairing, sockets]) await mkdir(path)
  const entries = {
    ...{ [keyId]: randomBytes(32), [primaryEntry]: keyId },
    [auditKeyEntry]: randomBytes(32),
  }
  for (const [name, content] of Object.entries(entries)) {
    await writeFile(join(keys, name), content, { mode: 0o600 })
  }
  const socket = join(sockets, 's.sock')
  const signer = startLocalService(
    'signer',
    {
      SIGNER_SOCKET: socket,
      SIGNER_KEY_DIR: keys,
      SIGNER_PAIRING_DIR: pairing,
      SIGNER_FREEZE_DIR: 'none',
      SIGNER_PEER: 'container',
    },
    { '/run/key': keys, '/run/signer': sockets, '/run/pairing': pairing },
    (line) => {
      if (line.includes('"event":"audit"')) onAuditLine(line)
    },
  )
  const frontend = startLocalService(
    'frontend',
    {
      FRONTEND_HOST: '127.0.0.1',
      FRONTEND_PORT: port,
      SIGNER_URL: `unix:${socket}:/sign`,
      CALLER_TOKEN_FILE: 'none',
      PAIRING_SECRET_FILE: join(pairing, 'secret'),
    },
    { '/run/identity': pairing, '/run/pairing': pairing },
  )
  return [signer, frontend]
}

/** Has one message signed, and says what to try and what a cluster adds. */
async function introduce(
  url: string,
  keys: string,
  auditFile: string,
  start: number,
): Promise<void> {
  const response = await fetch(`${url}/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message }),
  })
  const answer = await response.text()
  if (!response.ok) {
    throw new UserError(`the frontend answered ${response.status}: ${answer}`, 'Report this bug.')
  }
  say(`Frontend and signer run as two processes of this machine (${elapsed(start)}).

  $ curl -sS ${url}/process -H 'content-type: application/json' -d '{"message":"${message}"}'
  ${answer}

Compare the signature with OpenSSL's. The key does not show in an argument:

  $ printf ${message.toUpperCase()} | ${showPath(join(import.meta.dirname, 'openssl-hmac.sh'))} ${join(keys, keyId)}

The frontend has no key. Node's permission model keeps it from the key's folder. It calls the signer at a Unix socket, and signs
each request with the pairing secret. Both processes run as you, so you can read the key. A cluster adds:

  - volumes: kubelet mounts the key into the signer alone, as another user
  - workload identity: only istio-proxy reaches the socket, by mutual TLS and policy
  - caller token: the proxy checks which container calls
  - admission: the API server rejects Pods that would get around this

Each signature is on record in the signer's audit log. A MAC chains each record to the one before. Verify the log:

  $ make verify-audit FILES=${auditFile} AUDIT_KEY_FILE=${join(keys, auditKeyEntry)}

The audit log follows. Press Ctrl-C to stop.`)
}

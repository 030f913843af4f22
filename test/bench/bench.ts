// make bench: the signer as it is shipped, over its socket, with pairing and audit log, beside a naive one on loopback
// and the bare HMAC; all in one run on one machine, because only their ratios mean something elsewhere.
import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runMain, say } from '../../cli/terminal.ts'
import { findFreePort } from '../../cluster/free-port.ts'
import { bundleService } from '../../deploy/image-context.ts'
import { createPairing } from '../../frontend/pairing.ts'
import { computeMac } from '../../signer/hmac.ts'
import { readFlags } from '../unit/support/containerfile.ts'
import { applyLoad, type Load, type Target, takeMedian } from './load.ts'
import { readResidentMib, type Started, startService } from './service.ts'

const ROUNDS = 3
const BATCH = 100
const LOOP_SECONDS = 1
const root = resolve(import.meta.dirname, '../..')
const message = 'a message of a usual length, as somebody would have it signed'
const json = { 'content-type': 'application/json' }

await runMain(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'secure-signing-bench-'))
  const running: Started[] = []
  try {
    for (const name of ['key', 'pairing']) await mkdir(join(folder, name))
    await writeFile(join(folder, 'key/key-1'), randomBytes(32))
    const bundle = join(folder, 'main.mjs')
    await bundleService('signer', bundle)
    const socketPath = join(folder, 'signer.sock')
    const env = {
      SIGNER_SOCKET: socketPath,
      SIGNER_KEY_DIR: join(folder, 'key'),
      SIGNER_PAIRING_DIR: join(folder, 'pairing'),
    }
    // As in the image, Node's permission model included.
    const folders = {
      '/app': folder,
      '/run/key': env.SIGNER_KEY_DIR,
      '/run/signer': folder,
      '/run/pairing': env.SIGNER_PAIRING_DIR,
    }
    const start = async (...args: string[]) => {
      const started = await startService(args, env, join(folder, `log-${running.length}`))
      running.push(started)
      return started
    }

    const plain = await start(join(root, 'signer/main.ts'))
    const plainMib = await readResidentMib(plain)
    plain.stop()
    const signer = await start(...readFlags('signer', folders), bundle)
    const idleMib = await readResidentMib(signer)
    const port = await findFreePort()
    const naive = await start(join(root, 'test/bench/naive-signer.ts'), String(port))

    const pairing = createPairing(join(folder, 'pairing/secret'))
    const signed = (path: string, request: unknown): Target => {
      const body = JSON.stringify(request)
      const headers = {
        ...json,
        ...pairing.sign({ method: 'POST', path, body: Buffer.from(body) }),
      }
      return { url: `http://localhost${path}`, socketPath, headers, body }
    }
    const messages = Array.from({ length: BATCH }, () => message)
    const loads: Record<'naive' | 'sign' | 'batch', Load[]> = { naive: [], sign: [], batch: [] }
    for (let round = 1; round <= ROUNDS; round++) {
      say(`round ${round} of ${ROUNDS}`)
      const body = JSON.stringify({ message })
      loads.naive.push(
        await applyLoad({ url: `http://127.0.0.1:${port}/sign`, headers: json, body }),
      )
      // A pairing signature is good for a minute, so it is made for each round.
      loads.sign.push(await applyLoad(signed('/sign', { message })))
      loads.batch.push(await applyLoad(signed('/sign/batch', { messages })))
    }
    const [naiveLoad, sign, batch] = [loads.naive, loads.sign, loads.batch].map(takeMedian) as [
      Load,
      Load,
      Load,
    ]
    const bare = measureLoop()
    const ratio = (value: number) => (value / naiveLoad.perSecond).toFixed(2)
    const row = (name: string, signatures: number, load?: Load) =>
      `| ${name} | ${Math.round(signatures)} | ${ratio(signatures)} | ${load?.p50Ms ?? '–'} | ${load?.p99Ms ?? '–'} |`
    process.stdout.write(
      `${[
        '| | signatures/s | of naive | p50 ms | p99 ms |',
        '|---|---|---|---|---|',
        row('naive signer, node:http on loopback', naiveLoad.perSecond, naiveLoad),
        row('signer, `/sign` over the socket, paired, audited', sign.perSecond, sign),
        row(`signer, \`/sign/batch\` of ${BATCH}`, batch.perSecond * BATCH, batch),
        row('the bare HMAC in a loop', bare),
        '',
        '| signer | ready after ms | resident MiB |',
        '|---|---|---|',
        `| as shipped, one file | ${Math.round(signer.readyMs)} | ${Math.round(idleMib)}, after the run ${Math.round(await readResidentMib(signer))} |`,
        `| as TypeScript | ${Math.round(plain.readyMs)} | ${Math.round(plainMib)} |`,
        `| (naive) | ${Math.round(naive.readyMs)} | after the run ${Math.round(await readResidentMib(naive))} |`,
      ].join('\n')}\n`,
    )
  } finally {
    for (const { stop } of running) stop()
    await rm(folder, { recursive: true })
  }
})

/** Signatures a second of the signer's own function, without any server. */
function measureLoop(): number {
  const key = createSecretKey(randomBytes(32))
  const bytes = Buffer.from(message)
  const start = performance.now()
  let count = 0
  while (performance.now() - start < LOOP_SECONDS * 1_000) {
    for (let each = 0; each < 1_000; each++) computeMac(key, bytes)
    count += 1_000
  }
  return count / ((performance.now() - start) / 1_000)
}

// The Go client, installed and used as its README says, signs against a real signer while token, secret and signer change.
import { spawn, spawnSync } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makeFolder, makeVolume, mountEntries } from '../../support/folder.ts'
import { readFile } from '../../support/pages/pages.ts'
import { makeFreshToken } from '../../support/services/caller-token.ts'
import { serve } from '../../support/services/http.ts'
import { forwardToSocket } from '../../support/services/mesh-proxy.ts'
import { startSigner } from '../../support/services/services.ts'
import { NO_GO, skipUnless } from '../../support/skips.ts'
import { COMPILE_MS, PROCESS_TEST_MS } from '../../support/timeouts.ts'
import { deriveKey, receive, toSecret } from '../../support/webhooks/receivers.ts'
import { verifyWith } from '../../support/webhooks/verifiers.ts'

/** The first run compiles Go's standard library for the race detector. */
vi.setConfig({ testTimeout: COMPILE_MS, hookTimeout: COMPILE_MS })

const modules = ['clients/go', 'examples/go']
const cgo = spawnSync('go', ['env', 'CGO_ENABLED'], { encoding: 'utf8' })
/** The race detector needs a C compiler. */
const race = cgo.stdout?.trim() === '1' ? ['-race'] : []
const environment = { ...process.env, GOFLAGS: '-buildvcs=false', GOWORK: 'off', GOPROXY: 'off' }

const go = (cwd: string, ...args: string[]) => run('go', args, { cwd, env: environment })

const [, install = ''] = /^```sh\n(.*?)^```$/ms.exec(readFile('clients/go/README.md')) ?? []
const [code = '', webhookCode = ''] = [
  ...readFile('clients/go/README.md').matchAll(/^```go\n(.*?)^```$/gms),
].map(([, text]) => text)

/**
 * Signs each line of its input with the README's functions. Prints the signature, or the error. For a webhook, a line has id,
 * consumer and body, with a tab between them, and the application prints the headers.
 */
const application = `package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"secure-signing/signing"
)

func main() {
	if err := connect(); err != nil {
		log.Fatal(err)
	}
	transport = client.Transport.(*signing.Transport)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if parts := strings.SplitN(lines.Text(), "\\t", 3); len(parts) == 3 {
			signWebhook(parts[0], parts[1], parts[2])
			continue
		}
		signature, err := sign(lines.Text())
		if err != nil {
			signature = err.Error()
		}
		fmt.Println(signature)
	}
}

func signWebhook(id, consumer, body string) {
	var printed any
	request, err := newWebhook(context.Background(), "http://receiver.example", consumer, id, []byte(body))
	if refusal := new(signing.Error); errors.As(err, &refusal) {
		printed = refusal
	} else if err != nil {
		printed = err.Error()
	} else {
		printed = request.Header
	}
	text, _ := json.Marshal(printed)
	fmt.Println(string(text))
}
`

const key = randomBytes(32)
const mac = (message: string) => createHmac('sha256', key).update(message).digest('hex')

describe('the client for Go', skipUnless(cgo.status === 0, NO_GO), () => {
  let program = ''
  beforeAll(async () => {
    const folder = await makeFolder()
    await go(folder, 'mod', 'init', 'application')
    const files = { 'sign.go': code, 'webhook.go': webhookCode, 'main.go': application }
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    const commands = install.replace('../secure-signing', CHECKOUT)
    await run('sh', ['-ec', commands], { cwd: folder, env: environment })
    await go(folder, 'build', ...race, '-o', 'application', '.')
    program = join(folder, 'application')
  })

  test.each(modules)('%s is formatted, and vet finds nothing', async (name) => {
    expect(await run('gofmt', ['-l', join(CHECKOUT, name)])).toBe('')
    await go(join(CHECKOUT, name), 'vet', ...race, './...')
  })

  test('its own tests pass with the vectors of all clients', async () => {
    const said = await testModule('clients/go')
    expect(said.match(/^ *--- PASS: TestVectorsOf/gm)?.length).toBeGreaterThan(50)
  })

  test('the tests of the example in Go pass', async () => {
    expect(await testModule('examples/go')).toContain('--- PASS: TestSignsAnOrder')
  })

  async function testModule(name: string): Promise<string> {
    const said = await go(join(CHECKOUT, name), 'test', ...race, '-count=1', '-v', './...')
    expect(said).not.toMatch(/--- SKIP/)
    return said
  }

  /** Starts the application. `ask` has a message signed, and returns what the application prints. */
  function startApplication(env: Record<string, string>) {
    const child = spawn(program, { env, stdio: ['pipe', 'pipe', 'inherit'] })
    cleanUp(() => void child.kill('SIGKILL'))
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    return async (message: string): Promise<string> => {
      child.stdin.write(`${message}\n`)
      return (await lines.next()).value ?? 'the application exited'
    }
  }

  const atSocket = (socket: string, pairingDir: string) => ({
    SIGNER_URL: `unix:${socket}:/sign`,
    CALLER_TOKEN_FILE: 'none',
    PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
  })

  test('signs at the socket, also after the signer restarts with another secret', async () => {
    const { signer, restart, socket, pairingDir } = await startSigner({ a: key }, 0, {
      SIGNER_PEER: 'container',
    })
    await signer.waitFor('listening')
    const ask = startApplication(atSocket(socket, pairingDir))
    expect(await ask('Grüße')).toBe(mac('Grüße'))
    signer.signal('SIGKILL')
    await signer.exit
    expect(await ask('b')).toMatch(/connection refused$/)
    await restart().waitFor('listening')
    expect(await ask('c')).toBe(mac('c'))
  })

  test('signs through a proxy while the token is renewed before and after the proxy knows its key', async () => {
    const { signer, restart, socket, pairingDir } = await startSigner({ a: key })
    await signer.waitFor('listening')
    const [old, renewed] = [makeFreshToken(1_000), makeFreshToken(2_000)]
    let accepted = old
    const shown: unknown[] = []
    const { href } = await serve(
      forwardToSocket(socket, (token) => {
        shown.push(token)
        return token === accepted
      }),
    )
    const volume = await makeVolume({ token: old })
    const ask = startApplication({
      SIGNER_URL: href,
      CALLER_TOKEN_FILE: join(volume, 'token'),
      PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
    })
    expect(await ask('a')).toBe(mac('a'))
    signer.signal('SIGKILL')
    await signer.exit
    await restart().waitFor('listening')
    expect(await ask('after a restart')).toBe(mac('after a restart'))
    await mountEntries(volume, { token: renewed }, '2')
    // The client reads the file again within a second. It goes on with the old token while the proxy refuses the new one.
    await vi.waitFor(async () => {
      expect(await ask('b')).toBe(mac('b'))
      expect(shown).toContain(renewed)
    }, PROCESS_TEST_MS)
    expect(shown.slice(-2)).toEqual([renewed, old])
    accepted = renewed
    expect(await ask('c')).toBe(mac('c'))
    expect(shown.slice(-2)).toEqual([old, renewed])
  })

  test('has webhooks signed, which the library of Go accepts', async () => {
    const secret = randomBytes(32)
    const entries = { a: key, 'webhook-1': toSecret(secret) }
    const { signer, socket, pairingDir } = await startSigner(entries, 0, {
      SIGNER_PEER: 'container',
    })
    await signer.waitFor('listening')
    const ask = startApplication(atSocket(socket, pairingDir))
    const body = '{"message":"Grüße <&>"}'
    const sign = async (id: string, consumer: string, text = body) =>
      JSON.parse(await ask(`${id}\t${consumer}\t${text}`))
    const collect = async (id: string, consumer: string) => {
      const headers: Record<string, string[]> = await sign(id, consumer)
      const sent = Object.entries(headers).map(([name, values]) => [name, values.join()])
      return receive(
        consumer === '' ? secret : deriveKey(secret, consumer),
        Object.fromEntries(sent),
        body,
      )
    }
    const received = [await collect('', ''), await collect('msg_17', 'acme')]
    expect(received[1]?.headers['Webhook-Id']).toBe('msg_17')
    expect(await verifyWith('Go', received)).toEqual([true, true])

    expect(await sign('', '', 'y.1900000000.z')).toMatchObject({
      Code: 'ambiguous_body',
      Permanent: true,
    })
    expect(await sign('a.b', '')).toMatchObject({ Field: 'id', Permanent: true })
    expect(await sign('', 'a b')).toMatchObject({ Field: 'consumer', Permanent: true })
  })
})

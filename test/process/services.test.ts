// The services as in their containers: separate processes with the permissions of their images.
import { createHmac, randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { readFlags } from '../../tools/images/containerfile.ts'
import { type Entries, makeFolder, makeVolume, mountEntries } from '../support/folder.ts'
import { makeFreshToken } from '../support/services/caller-token.ts'
import { bridgeToSocket, listenOnLoopback } from '../support/services/http.ts'
import { findBundle, startService } from '../support/services/service-process.ts'
import {
  ask,
  askToSign,
  jsonType,
  startFrontend,
  startSigner,
  unpaired,
} from '../support/services/services.ts'
import { PROCESS_TEST_MS } from '../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const macOf = (key: string, message: string) =>
  createHmac('sha256', key).update(message).digest('hex')

describe('the signer', () => {
  test('signs over its socket, which every user may connect to', async () => {
    const key = randomBytes(32).toString('hex')
    const { signer, socket, pairingDir } = await startSigner({ HMAC_KEY: key })
    await signer.waitFor('listening')
    expect((await stat(socket)).mode & 0o777).toBe(0o666)
    const { status, body } = await askToSign(socket, pairingDir, 'hello')
    expect([status, body.signature]).toEqual([200, macOf(key, 'hello')])
    expect(signer.output()).not.toContain(key)
  })

  test('replaces the socket of a killed signer', async () => {
    const { signer, restart, socket } = await startSigner({ HMAC_KEY: randomBytes(32) })
    await signer.waitFor('listening')
    signer.signal('SIGKILL')
    await signer.exit
    const { ino } = await stat(socket)
    await expect(ask(socket, '/healthz')).rejects.toThrow('ECONNREFUSED')
    await restart().waitFor('listening')
    expect((await stat(socket)).ino).not.toBe(ino)
    expect((await ask(socket, '/healthz')).status).toBe(200)
  })

  test('runs without a valid key, reports the reason, and loads a key that arrives later', async () => {
    const bad = `${randomBytes(16).toString('hex')}\n`
    const { signer, socket, keyDir, pairingDir } = await startSigner({ HMAC_KEY: bad })
    await signer.waitFor('listening')
    expect((await ask(socket, '/healthz')).status).toBe(200)
    expect((await askToSign(socket, pairingDir, 'a')).status).toBe(503)
    const { status, body } = await ask(socket, '/readyz')
    expect([status, body.code]).toEqual([503, 'key_unavailable'])
    expect(body.detail).toContain('key "HMAC_KEY" ends with a newline')
    await mountEntries(keyDir, { HMAC_KEY: bad.trim() }, '2')
    await signer.waitFor('keys_loaded')
    expect((await ask(socket, '/readyz')).status).toBe(200)
    expect((await askToSign(socket, pairingDir, 'a')).body.signature).toBe(macOf(bad.trim(), 'a'))
    expect(signer.output()).not.toContain(bad.trim())
  })

  const good = randomBytes(32)
  test.each<[string, Entries, string]>([
    ['of 10 bytes', { a: randomBytes(10) }, 'key "a" is shorter than 14 bytes: make one with'],
    ['with a newline', { a: `${'k'.repeat(32)}\n` }, 'key "a" ends with a newline: write it with'],
    ['that is empty', { a: '' }, 'key "a" is empty: give it a value'],
    ['that primary does not name', { a: good, b: good, primary: 'c' }, 'set it to one of a, b'],
    ['that is one of two, without a primary', { a: good, b: good }, 'name the one that signs in'],
    ['that is missing', {}, 'the Secret has no key: add one'],
  ])('keeps the old keys when it receives a key %s', async (_, entries, reason) => {
    const { signer, socket, keyDir, pairingDir } = await startSigner({ old: good })
    await signer.waitFor('listening')
    await mountEntries(keyDir, entries, '2')
    const refusal = await signer.waitFor('keys_refused')
    expect(refusal).toMatchObject({ level: 'error', kept_old: true })
    expect(refusal.reason).toContain(reason)
    const { status, body } = await askToSign(socket, pairingDir, 'a')
    const signature = createHmac('sha256', good).update('a').digest('hex')
    expect([status, body.signature, body.key_id]).toEqual([200, signature, 'old'])
    expect((await ask(socket, '/readyz')).status).toBe(200)
  })

  test('cannot read a folder that its image does not allow', async () => {
    const [folder, keyDir] = [await makeFolder(), await makeVolume({ HMAC_KEY: randomBytes(32) })]
    const env = {
      SIGNER_SOCKET: join(folder, 'signer.sock'),
      SIGNER_KEY_DIR: keyDir,
      ...unpaired.env,
    }
    const flags = readFlags('signer', {
      '/app': dirname(findBundle('signer')),
      '/run/key': '/nowhere',
      '/run/signer': folder,
    })
    const signer = startService('signer', env, flags)
    const { reason } = await signer.waitFor('keys_refused')
    expect(reason).toContain('ERR_ACCESS_DENIED')
  })
})

describe('core dumps', () => {
  test('hold no memory of the signer', async () => {
    const { signer } = await startSigner({ HMAC_KEY: randomBytes(32) })
    await signer.waitFor('listening')
    // This process has the kernel's default, which includes private memory.
    expect(await readFile('/proc/self/coredump_filter', 'utf8')).not.toBe('00000000\n')
    expect(await readFile(`/proc/${signer.pid}/coredump_filter`, 'utf8')).toBe('00000000\n')
  })
})

describe('the frontend', () => {
  test('gets a signature for the processed message', async () => {
    const key = randomBytes(32).toString('hex')
    const { signer, restart, socket, pairingDir } = await startSigner({ 'key-1': key })
    await signer.waitFor('listening')
    const token = makeFreshToken()
    const { frontend, url } = await startFrontend(await bridgeToSocket(socket), token, pairingDir)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const body = JSON.stringify({ message: 'hello' })
    const headers = { ...jsonType, 'x-request-id': 'id-1' }
    const response = await fetch(`${url}/process`, { method: 'POST', headers, body })
    expect(response.headers.get('x-request-id')).toBe('id-1')
    const signature = macOf(key, 'HELLO')
    expect(await response.json()).toEqual({
      processed_message: 'HELLO',
      signature,
      key_id: 'key-1',
    })
    signer.signal('SIGKILL')
    await signer.exit
    const failed = await fetch(`${url}/process`, { method: 'POST', headers, body })
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await failed.json()).toMatchObject({ code: 'signer_unavailable', request_id: 'id-1' })
    expect(frontend.output()).toContain('signer_unavailable')
    // A restarted signer has another pairing secret. The frontend notices it.
    await restart().waitFor('listening')
    const again = await fetch(`${url}/process`, { method: 'POST', headers, body })
    expect(await again.json()).toMatchObject({ signature })
    expect(frontend.output()).not.toContain(token)
  })

  test('is not ready with an expired token, and does not call the signer', async () => {
    let calls = 0
    const port = await listenOnLoopback(createServer(() => calls++))
    const { url } = await startFrontend(port, makeFreshToken(-1))
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    const init = { method: 'POST', headers: jsonType, body: '{"message":"a"}' }
    const response = await fetch(`${url}/process`, init)
    expect(await response.json()).toMatchObject({ status: 503, code: 'caller_token_unavailable' })
    expect(calls).toBe(0)
  })
})

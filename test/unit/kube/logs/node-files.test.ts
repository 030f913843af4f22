import { expect, test } from 'vitest'
import { readListing, sortFiles } from '../../../../tools/kube/logs/node-files.ts'

test('reads the names of a folder, with or without a path before them', () => {
  const page = `<!doctype html>
<meta name="viewport" content="width=device-width">
<pre>
<a href="0.log">0.log</a>
<a href="/api/v1/nodes/n/proxy/logs/pods/p/signer/0.log.20261129-120000.gz">0.log.20261129-120000.gz</a>
<a href="istio-proxy/">istio-proxy/</a>
<a href="with%20space">with space</a>
</pre>`
  expect(readListing(page)).toEqual([
    '0.log',
    '0.log.20261129-120000.gz',
    'istio-proxy/',
    'with space',
  ])
})

test('sorts files by age, the newest of each instance last, and leaves out what kubelet writes', () => {
  const sorted = [
    '0.log.20261129-110000.gz',
    '0.log.20261129-120000.gz',
    '0.log.20261129-130000',
    '0.log',
    '2.log.20261129-140000',
    '2.log',
    '10.log',
  ]
  expect(sortFiles([...sorted.toReversed(), '2.log.20261129-140000.tmp', 'other'])).toEqual(sorted)
})

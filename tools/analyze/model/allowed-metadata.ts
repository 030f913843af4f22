// The annotations and labels that keep a Pod behind its proxy. The admission policy no-way-around-proxy lists them, so that the
// API server and `make analyze` decide by the same list.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { CHECKOUT } from '../../cli/checkout.ts'

/** Istio sets it when it injects its proxy. */
export const statusAnnotation = 'sidecar.istio.io/status'
/** Only Istio sets them, so no template has them. */
export const injectedAnnotations = [statusAnnotation, 'proxy.istio.io/overrides']

type Strings = Readonly<Record<string, string>>

const file = 'k8s/admission/no-way-around-proxy-validating-admission-policy.yaml'
const policy = z.object({
  spec: z.object({ variables: z.array(z.object({ name: z.string(), expression: z.string() })) }),
})
const patterns = z.record(
  z.string(),
  z.string().transform((text) => new RegExp(text)),
)

const { variables } = policy.parse(parse(readFileSync(join(CHECKOUT, file), 'utf8'))).spec
const allowedAnnotations = readVariable('allowedAnnotations')
const allowedLabels = readVariable('allowedLabels')

/** Reads a map of names and regular expressions. It is both CEL and JSON. */
function readVariable(name: string): Record<string, RegExp> {
  const found = variables.find((each) => each.name === name)
  return patterns.parse(JSON.parse(found?.expression ?? ''))
}

/** Lists annotations with a value that is not allowed, and unknown ones of Istio. */
export function listRefusedAnnotations(annotations: Strings): string[] {
  return Object.entries(annotations)
    .filter(([name, value]) => {
      const allowed = allowedAnnotations[name]
      return allowed === undefined ? /(^|\.)istio\.io\//.test(name) : !allowed.test(value)
    })
    .map(([name]) => name)
}

export function listRefusedLabels(labels: Strings): string[] {
  return Object.entries(labels)
    .filter(([name, value]) => allowedLabels[name]?.test(value) === false)
    .map(([name]) => name)
}

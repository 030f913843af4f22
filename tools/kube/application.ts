// The application that a program works on: what the file CONFIG says, or our own application.
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { CHECKOUT, showPath } from '../cli/checkout.ts'
import { readVariable } from '../cli/make-variables.ts'
import { readOrExit, UserError } from '../cli/terminal.ts'
import { findAccountAndService, type Manifest, readManifests } from './application/manifests.ts'
import { type Mistake, type Place, parseSigningConfig } from './application/parse.ts'
import type { SigningConfig } from './application/schema.ts'
import { decodeText } from './yaml-split.ts'

export type Application = Omit<SigningConfig, 'resources' | 'serviceAccount' | 'service'> & {
  /** The path of its file, as the user knows it. */
  file: string
  /** Returns where a field is in the file: "signing.yaml:3:7". */
  place: Place
  /** Absolute paths. */
  resources: string[]
  /** Reads the resources, once. Throws UserError for what is no YAML of Kubernetes. */
  readManifests: () => readonly Manifest[]
  serviceAccount: string
  service: string
  /** Our own application, for which the layouts separate-pods and linkerd are. */
  isOurs: boolean
}

const ourFile = resolve(CHECKOUT, 'k8s/frontend/signing.yaml')
const reference = 'docs/configuration.md explains each field.'

/** Throws UserError with every mistake in the file. */
export function readApplication(path: string): Application {
  const absolute = resolve(path)
  const file = showPath(absolute)
  const parsed = parseSigningConfig(readText(absolute, file))
  if ('mistakes' in parsed) throw describe(file, parsed.mistakes)
  const { config } = parsed
  const place = (field: string) => `${file}:${parsed.place(field)}`
  const resources = config.resources.map((each) => resolve(dirname(absolute), each))
  const missing = config.resources.flatMap((each, index) =>
    exists(resources[index])
      ? []
      : [`${place(`resources.${index}`)}: resources.${index}: ${each} does not exist`],
  )
  if (missing.length > 0) {
    throw new UserError(missing.join('\n'), `Give paths from ${dirname(absolute)}.`)
  }
  let manifests: readonly Manifest[] | undefined
  const read = () => {
    manifests ??= readManifests(resources)
    return manifests
  }
  const found =
    config.serviceAccount === undefined || config.service === undefined
      ? findAccountAndService(place, config, read())
      : { serviceAccount: config.serviceAccount, service: config.service }
  const isOurs = absolute === ourFile
  return { ...config, ...found, file, place, resources, readManifests: read, isOurs }
}

function readText(path: string, file: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) {
    throw new UserError(
      `CONFIG=${file} does not exist`,
      `Give the path of a signing.yaml. A relative path starts at ${process.cwd()}.`,
    )
  }
  if (found.isDirectory()) {
    throw new UserError(`CONFIG=${file} is a folder`, `Give a file: CONFIG=${file}/signing.yaml.`)
  }
  return decodeText(readFileSync(path))
}

function exists(path = ''): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function describe(file: string, mistakes: readonly Mistake[]): UserError {
  const lines = mistakes.map(({ line, column, field, problem }) =>
    [`${file}:${line}:${column}`, ...(field === '' ? [] : [field]), problem].join(': '),
  )
  return new UserError(lines.join('\n'), `Correct ${file}. ${reference}`)
}

/** Ends the program if the file has a mistake, because every program needs it before anything else. */
export const application: Application = readOrExit(() =>
  readApplication(readVariable('CONFIG') ?? ourFile),
)

/** Returns a variable of make, or else what the file has in its place. */
export function readSetting(name: keyof typeof settings, env = process.env): string | undefined {
  return readVariable(name, env) ?? (settings[name] || undefined)
}

const settings = {
  COMPONENTS: application.components.join(' '),
  GATEWAY: application.gateway,
  IMAGE_PREFIX: application.imagePrefix,
  OVERLAY: application.overlay,
  PUBLIC_HOST: application.publicHost,
}

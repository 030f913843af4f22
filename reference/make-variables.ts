// The variables of make, as the programs behind its targets have them on top: `NAME: what it is · NAME, NAME=yes: …`.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
/** Read by the program of make deploy, with the component vault. */
const vault = { target: 'deploy', program: 'deploy/vault-values.ts' }

export type MakeVariable = { name: string; targets: string[]; meaning: string }

/** Lists them by name; what another target takes in the same sense has that target's meaning. */
export function listMakeVariables(makefile: string): MakeVariable[] {
  const found = [...listPrograms(makefile), vault].flatMap(({ target, program }) =>
    readVariables(readFileSync(join(root, program), 'utf8')).map((each) => ({ ...each, target })),
  )
  const byName = Map.groupBy(found, ({ name }) => name)
  return [...byName.entries()].sort().map(([name, uses]) => {
    const targets = [...new Set(uses.map(({ target }) => target))]
    const own = uses.filter(({ meaning }) => !meaning.startsWith('as for make '))
    const meanings = Map.groupBy(own, ({ meaning }) => meaning)
    const said = [...meanings].map(([meaning, [first]]) =>
      meanings.size === 1 ? meaning : `${first?.target}: ${meaning}`,
    )
    return { name, targets, meaning: said.join('; ') }
  })
}

/** The variables that the Makefile hands on to programs. */
export function listExported(makefile: string): string[] {
  const [, names = ''] = /^export ((?:[A-Z_]+ )+[A-Z_]+)$/m.exec(makefile) ?? []
  return names.split(' ')
}

/** Every target that is one program, and the program. */
function listPrograms(makefile: string) {
  const recipes = makefile.matchAll(/^([a-z-]+):.*\n\t@node ([\w/-]+\.ts)/gm)
  return [...recipes].map(([, target = '', program = '']) => ({ target, program }))
}

/** Of a program's first comment. */
function readVariables(source: string): { name: string; meaning: string }[] {
  const comment = /^(?:\/\/.*\n)+/.exec(source)?.[0].replaceAll(/\n?\/\/ ?/g, ' ') ?? ''
  const [first] = /(?<= )[A-Z][A-Z_]+(?:=\S+)?(?:, [A-Z_*]+)*: .*/.exec(comment) ?? []
  return (first ?? '').split(' · ').flatMap((entry) => {
    const [, names = '', meaning = ''] = /^([A-Z_*,= a-z]+?): (.*?)\.?\s*$/.exec(entry) ?? []
    return names
      .split(', ')
      .filter((name) => /^[A-Z]/.test(name) && !name.endsWith('*'))
      .map((name) => ({ name, meaning }))
  })
}

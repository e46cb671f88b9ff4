import { Environment } from '@marcbachmann/cel-js'
import { addressLibrary } from './library/addresses.ts'
import { formatLibrary } from './library/formats.ts'
import { listLibrary } from './library/lists.ts'
import { macroLibrary } from './library/macros.ts'
import { optionalLibrary } from './library/optionals.ts'
import { quantityLibrary } from './library/quantity.ts'
import { regexLibrary } from './library/regex.ts'
import { semverLibrary } from './library/semver.ts'
import { stringLibrary } from './library/strings.ts'
import { urlLibrary } from './library/urls.ts'

const LIBRARIES = [
  quantityLibrary,
  addressLibrary,
  urlLibrary,
  regexLibrary,
  listLibrary,
  stringLibrary,
  formatLibrary,
  semverLibrary,
  macroLibrary,
  optionalLibrary,
]

let base: Environment | undefined

/**
 * CEL as Kubernetes has it, without variables: clone it to add some. Made when first asked for.
 * k8s 1.36: cel/environment MustBaseEnvSet. SIMPLIFIED: what an evaluation costs is not limited.
 */
export function baseEnvironment(): Environment {
  if (!base) {
    base = new Environment({ enableOptionalTypes: true })
    for (const library of LIBRARIES) library(base)
  }
  return base
}

let loose: Environment | undefined

/**
 * The same for evaluation: types have been checked before, values carry their own, and literals may mix them.
 */
export function looseEnvironment(): Environment {
  loose ??= baseEnvironment().clone({
    enableOptionalTypes: true,
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
  })
  return loose
}

/** Named checks of texts. Source: k8s 1.36 cel/library/format.go. */
import { Optional, type Environment } from '@marcbachmann/cel-js'
import {
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isQualifiedName,
  isValidLabelValue,
} from '../../../apimachinery/names.ts'
import { parseTime } from '../../../sim/time.ts'
import { define, defineNamespace } from './define.ts'

type Check = (text: string) => readonly string[]

class FormatValue {
  readonly name: string
  readonly check: Check
  constructor(name: string, check: Check) {
    this.name = name
    this.check = check
  }
}

/** A prefix may end with a dash: the name that it begins is completed later. */
const prefix =
  (check: Check): Check =>
  (text) =>
    check(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -1)}a` : text)

const pattern =
  (regex: RegExp, message: string): Check =>
  (text) =>
    regex.test(text) ? [] : [message]

const FORMATS: { readonly [name: string]: Check } = {
  dns1123Label: isDns1123Label,
  dns1123Subdomain: isDns1123Subdomain,
  dns1035Label: isDns1035Label,
  qualifiedName: isQualifiedName,
  dns1123LabelPrefix: prefix(isDns1123Label),
  dns1123SubdomainPrefix: prefix(isDns1123Subdomain),
  dns1035LabelPrefix: prefix(isDns1035Label),
  labelValue: isValidLabelValue,
  uri: pattern(/^([a-zA-Z][a-zA-Z0-9+.-]*:|\/)\S*$/, 'invalid URI for request'),
  uuid: pattern(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, 'does not match the UUID format'),
  byte: pattern(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'invalid base64'),
  date: (text) => (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(parseTime(text)) ? [] : ['invalid date']),
  datetime: (text) =>
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(parseTime(text))
      ? []
      : ['invalid datetime'],
}

export function formatLibrary(env: Environment): void {
  const T = 'kubernetes.NamedFormat'
  env.registerType(T, FormatValue)
  const values = new Map(Object.entries(FORMATS).map(([name, check]) => [name, new FormatValue(name, check)]))
  const constants = [...values].map(([name, value]) => [`${name}(): ${T}`, () => value] as const)
  defineNamespace(env, 'format', {
    [`named(string): optional<${T}>`]: (name: string) => {
      const value = values.get(name)
      return value ? Optional.of(value) : Optional.none()
    },
    ...Object.fromEntries(constants),
  })
  define(env, {
    [`${T}.validate(string): optional<list<string>>`]: (value: FormatValue, text: string) => {
      const messages = value.check(text)
      return messages.length === 0 ? Optional.none() : Optional.of(messages)
    },
  })
}

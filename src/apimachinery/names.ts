/**
 * Names and labels: what is a valid one, and how new ones are made.
 * Each `is...` gives the list of Kubernetes' own texts of what is wrong; an empty list means valid.
 * Source: k8s 1.36 apimachinery util/validation, api/validate/content, util/rand; apiserver storage/names.
 */
const NONE: readonly string[] = []

/** The text of a value that is longer than its limit. Names count 'characters', parts of labels 'bytes' (both are bytes). */
export function maxLengthError(bytes: number, unit: 'characters' | 'bytes' = 'characters'): string {
  return `must be no more than ${bytes} ${unit}`
}

/** The text of a value that a pattern refuses. */
export function patternError(message: string, pattern: string, ...examples: readonly string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${pattern}')`
  return `${message} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}regex used for validation is '${pattern}')`
}

/** The text of a number outside [low, high]. */
export function rangeError(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`
}

/** Length in bytes of UTF-8, as Go's len(). */
export function byteLength(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes++
    else if (unit >= 0xd800 && unit < 0xdc00) {
      bytes += 2
      i++
    } else bytes += 2
  }
  return bytes
}

interface Rule {
  readonly pattern: string
  readonly regexp: RegExp
  readonly maxBytes: number
  readonly message: string
  readonly examples: readonly string[]
}

function rule(pattern: string, maxBytes: number, message: string, ...examples: readonly string[]): Rule {
  return { pattern, regexp: new RegExp(`^${pattern}$`), maxBytes, message, examples }
}

function check(value: string, { pattern, regexp, maxBytes, message, examples }: Rule, unit?: 'bytes'): readonly string[] {
  const fits = value.length * 3 <= maxBytes || byteLength(value) <= maxBytes
  const matches = regexp.test(value)
  if (fits && matches) return NONE
  const errors: string[] = []
  if (!fits) errors.push(maxLengthError(maxBytes, unit))
  if (!matches) errors.push(patternError(message, pattern, ...examples))
  return errors
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const ALNUM_ENDS = 'and must start and end with an alphanumeric character'
const DNS_LABEL = rule(
  LABEL,
  63,
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${ALNUM_ENDS}`,
  'my-name',
  '123-abc',
)
const DNS_SUBDOMAIN = rule(
  SUBDOMAIN,
  253,
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${ALNUM_ENDS}`,
  'example.com',
)
const LABEL_UNDERSCORE = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const DNS_SUBDOMAIN_UNDERSCORE = rule(
  `${LABEL_UNDERSCORE}(\\.${LABEL_UNDERSCORE})*`,
  253,
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', ${ALNUM_ENDS}`,
  'example.com',
)
const DNS_1035 = rule(
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  63,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  'my-name',
  'abc-123',
)
const WILDCARD = rule(
  `\\*\\.${SUBDOMAIN}`,
  253,
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  '*.example.com',
)
const KEY_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const KEY_MESSAGE = `must consist of alphanumeric characters, '-', '_' or '.', ${ALNUM_ENDS}`
const KEY = rule(KEY_NAME, 63, KEY_MESSAGE, 'MyName', 'my.name', '123-abc')
const LABEL_VALUE = rule(
  `(${KEY_NAME})?`,
  63,
  `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ALNUM_ENDS}`,
  'MyValue',
  'my_value',
  '12345',
)
const ANY_LENGTH = Number.MAX_SAFE_INTEGER
const C_IDENTIFIER = rule(
  '[A-Za-z_][A-Za-z0-9_]*',
  ANY_LENGTH,
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  'my_name',
  'MY_NAME',
  'MyName',
)
const ENV_NAME = rule(
  '[-._a-zA-Z][-._a-zA-Z0-9]*',
  ANY_LENGTH,
  "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
  'my.env-name',
  'MY_ENV.NAME',
  'MyEnvName1',
)
const CONFIG_KEY = rule(
  '[-._a-zA-Z0-9]+',
  253,
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  'key.name',
  'KEY_NAME',
  'key-name',
)
const PERCENT = rule(
  '[0-9]+%',
  ANY_LENGTH,
  "a valid percent string must be a numeric string followed by an ending '%'",
  '1%',
  '93%',
)
const HTTP_HEADER = rule(
  '[-A-Za-z0-9]+',
  ANY_LENGTH,
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  'X-Header-Name',
)

/** RFC 1123 label: namespaces, containers, ports of StatefulSets. */
export function isDns1123Label(value: string): readonly string[] {
  const errors = check(value, DNS_LABEL)
  // Only dots are wrong with a valid subdomain, and that is said more simply.
  if (errors.length > 0 && DNS_SUBDOMAIN.regexp.test(value) && !DNS_LABEL.regexp.test(value)) {
    return [...errors.slice(0, -1), 'must not contain dots']
  }
  return errors
}

/** RFC 1123 subdomain: names of most objects. */
export function isDns1123Subdomain(value: string): readonly string[] {
  return check(value, DNS_SUBDOMAIN)
}

/** A subdomain that may hold underscores: DNS search paths. */
export function isDns1123SubdomainWithUnderscore(value: string): readonly string[] {
  return check(value, DNS_SUBDOMAIN_UNDERSCORE)
}

/** RFC 1035 label: names of Services. */
export function isDns1035Label(value: string): readonly string[] {
  return check(value, DNS_1035)
}

/** '*.example.com': hosts of Ingress rules. */
export function isWildcardDns1123Subdomain(value: string): readonly string[] {
  return check(value, WILDCARD)
}

/** Label keys, annotation keys, taint keys, resource names: 'prefix/name' with an optional DNS prefix. */
export function isQualifiedName(value: string): readonly string[] {
  const slash = value.indexOf('/')
  const name = slash < 0 ? value : value.slice(slash + 1)
  if (name.includes('/')) {
    const what = `a valid label key ${patternError(KEY_MESSAGE, KEY_NAME, ...KEY.examples)}`
    return [`${what} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const errors: string[] = []
  if (slash === 0) errors.push('prefix part must be non-empty')
  else if (slash > 0) errors.push(...check(value.slice(0, slash), DNS_SUBDOMAIN, 'bytes').map((e) => `prefix part ${e}`))
  if (name === '') errors.push('name part must be non-empty')
  errors.push(...check(name, KEY, 'bytes').map((e) => `name part ${e}`))
  return errors.length === 0 ? NONE : errors
}

export function isValidLabelValue(value: string): readonly string[] {
  return check(value, LABEL_VALUE, 'bytes')
}

export function isCIdentifier(value: string): readonly string[] {
  return check(value, C_IDENTIFIER)
}

/** A name that would leave the directory it is mounted in. */
function checkDirPrefix(value: string): readonly string[] {
  if (value === '.') return ["must not be '.'"]
  if (value === '..') return ["must not be '..'"]
  if (value.startsWith('..')) return ["must not start with '..'"]
  return NONE
}

/** Environment variable names by the old, strict rule. */
export function isEnvVarName(value: string): readonly string[] {
  return [...check(value, ENV_NAME), ...checkDirPrefix(value)]
}

/** Environment variable names as pods accept them since 1.34: any printable ASCII but '='. */
export function isRelaxedEnvVarName(value: string): readonly string[] {
  const errors = value === '' ? ['environment variable name must be non-empty'] : []
  if (/[^ -<>-~]/.test(value)) {
    errors.push("a valid environment variable name must consist only of printable ASCII characters other than '='")
  }
  return errors
}

/** Keys of ConfigMaps and Secrets. */
export function isConfigMapKey(value: string): readonly string[] {
  return [...check(value, CONFIG_KEY), ...checkDirPrefix(value)]
}

export function isValidPercent(value: string): readonly string[] {
  return check(value, PERCENT)
}

export function isHttpHeaderName(value: string): readonly string[] {
  return check(value, HTTP_HEADER)
}

/** IANA service names: names of container ports. */
export function isValidPortName(port: string): readonly string[] {
  const errors: string[] = []
  if (byteLength(port) > 15) errors.push(maxLengthError(15))
  if (!/^[-a-z0-9]+$/.test(port)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(port)) errors.push('must contain at least one letter (a-z)')
  if (port.includes('--')) errors.push('must not contain consecutive hyphens')
  if (port.startsWith('-') || port.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

export function isValidPortNum(port: number): readonly string[] {
  return port >= 1 && port <= 65535 ? NONE : [rangeError(1, 65535)]
}

/** Names that become one segment of a URL path: RBAC roles, and the least that every name must satisfy. */
export function isPathSegmentName(name: string): readonly string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  return ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`)
}

/** No vowels, and none of 0, 1, 3, so that no words come out. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const MAX_BASE_LENGTH = 58

/** `randomInt(bound)` gives an integer in [0, bound). */
export function randomSuffix(randomInt: (bound: number) => number, length = 5): string {
  let suffix = ''
  for (let i = 0; i < length; i++) suffix += ALPHABET[randomInt(ALPHABET.length)] ?? ''
  return suffix
}

/** A name for `metadata.generateName`: at most 58 characters of the base and five random ones. */
export function generateName(base: string, randomInt: (bound: number) => number): string {
  return `${base.slice(0, MAX_BASE_LENGTH)}${randomSuffix(randomInt)}`
}

/** The text of a hash in the alphabet of generated names. */
export function safeEncode(text: string): string {
  let out = ''
  for (const char of text) out += ALPHABET[(char.codePointAt(0) ?? 0) % ALPHABET.length] ?? ''
  return out
}

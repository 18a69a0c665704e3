// In the sandbox: the one function of lodash that published tests call, `isEqual`, as its documentation describes it:
// arrays, maps, sets, dates, regular expressions, errors, typed arrays and plain objects by what they hold; functions
// and symbols by identity; 0 and -0 alike, and NaN like itself. Its quirk is kept: whatever stands inside a map or a
// set is compared without regard to order, also the arrays in it.
'use strict'
const tag = value => Object.prototype.toString.call(value)

function isEqual (one, other, seen, unordered) {
  if (one === other) return true
  if (one === null || other === null || typeof one !== typeof other) return boxedAlike(one, other)
  if (typeof one !== 'object') return one !== one && other !== other // eslint-disable-line no-self-compare
  if (tag(one) !== tag(other)) return false
  if (seen.has(one)) return seen.get(one) === other
  seen.set(one, other)
  const same = alike(one, other, seen, unordered)
  seen.delete(one)
  return same
}

function boxed (value) {
  return ['[object Number]', '[object String]', '[object Boolean]'].includes(tag(value))
}

function boxedAlike (one, other) {
  if (one === null || other === null || !boxed(one) || tag(one) !== tag(other)) return false
  return isEqual(one.valueOf(), other.valueOf(), new Map(), false)
}

function alike (one, other, seen, unordered) {
  if (boxed(one) || one instanceof Date) return isEqual(one.valueOf(), other.valueOf(), seen, unordered)
  if (one instanceof RegExp) return String(one) === String(other)
  if (one instanceof Error) return one.name === other.name && one.message === other.message
  if (one instanceof Map || one instanceof Set) return arrays([...one], [...other], seen, true)
  if (ArrayBuffer.isView(one)) return bytes(one.buffer).equals(bytes(other.buffer))
  if (one instanceof ArrayBuffer) return bytes(one).equals(bytes(other))
  if (Array.isArray(one)) return arrays(one, other, seen, unordered)
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  for (const name of names) {
    if (!Object.prototype.hasOwnProperty.call(other, name)) return false
    if (!isEqual(one[name], other[name], seen, unordered)) return false
  }
  return one.constructor === other.constructor || !('constructor' in one && 'constructor' in other)
}

function bytes (buffer) {
  return Buffer.from(buffer)
}

function arrays (left, right, seen, unordered) {
  if (left.length !== right.length) return false
  if (!unordered) {
    for (let i = 0; i < left.length; i++) if (!isEqual(left[i], right[i], seen, false)) return false
    return true
  }
  const rest = [...right]
  return left.every(item => {
    const at = rest.findIndex(candidate => isEqual(item, candidate, seen, true))
    return at >= 0 && rest.splice(at, 1).length === 1
  })
}

const equal = { isEqual: (one, other) => isEqual(one, other, new Map(), false) }

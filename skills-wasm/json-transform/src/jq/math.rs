//! Mathematics: the functions of C's `math.h` that jq names, by `libm`, whose results are the same everywhere.

use jaq_core::native::{bome, v};
use jaq_core::{Error, ValR};
use jaq_json::Val;
use jaq_std::ValT;

use super::vocabulary::Native;

/// Filters of the input.
macro_rules! of_input {
    ($($name:ident)*) => {
        [$((stringify!($name), v(0), |cv| bome(float(&cv.1).map(|x| Val::from(libm::$name(x)))))),*]
    };
}

/// Filters of arguments, each read by the function named with it; the input does not matter to them.
macro_rules! of_arguments {
    ($($name:literal $function:ident($x:ident, $y:ident))*) => {
        [$(($name, v(2), |mut cv| {
            let (y, x) = (cv.0.pop_var(), cv.0.pop_var());
            bome($x(&x).and_then(|x| Ok(Val::from(libm::$function(x, $y(&y)?)))))
        })),*]
    };
}

/// The filters.
pub(super) fn natives() -> Vec<Native> {
    let of_input: [Native; 33] = of_input!(
        acos acosh asin asinh atan atanh cbrt cos cosh erf erfc exp exp10 exp2 expm1 fabs j0 j1 lgamma log log10
        log1p log2 rint sin sinh sqrt tan tanh tgamma trunc y0 y1
    );
    let of_arguments: [Native; 14] = of_arguments!(
        "atan2" atan2(float, float)
        "copysign" copysign(float, float)
        "fdim" fdim(float, float)
        "fmax" fmax(float, float)
        "fmin" fmin(float, float)
        "fmod" fmod(float, float)
        "hypot" hypot(float, float)
        "nextafter" nextafter(float, float)
        "pow" pow(float, float)
        "remainder" remainder(float, float)
        "jn" jn(integer, float)
        "yn" yn(integer, float)
        "ldexp" ldexp(float, integer)
        "scalbln" scalbn(float, integer)
    );
    let others: [Native; 5] = [
        ("nearbyint", v(0), |cv| bome(float(&cv.1).map(|x| Val::from(libm::rint(x))))),
        ("ilogb", v(0), |cv| bome(float(&cv.1).map(|x| whole(libm::ilogb(x))))),
        ("frexp", v(0), |cv| bome(float(&cv.1).map(|x| frexp(x).into_iter().collect()))),
        ("modf", v(0), |cv| bome(float(&cv.1).map(|x| modf(x).into_iter().collect()))),
        ("fma", v(3), |mut cv| {
            let (z, y, x) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
            bome(fma(&x, &y, &z))
        }),
    ];
    of_input.into_iter().chain(of_arguments).chain(others).collect()
}

fn float(value: &Val) -> ValR<f64, Val> {
    value.as_f64().ok_or_else(|| Error::typ(value.clone(), "number"))
}

fn integer(value: &Val) -> ValR<i32, Val> {
    let integer = value.as_isize().and_then(|integer| i32::try_from(integer).ok());
    integer.ok_or_else(|| Error::typ(value.clone(), "integer of 32 bits"))
}

fn whole(integer: i32) -> Val {
    Val::Num(jaq_json::Num::from_integral(integer))
}

fn frexp(x: f64) -> [Val; 2] {
    let (fraction, exponent) = libm::frexp(x);
    [Val::from(fraction), whole(exponent)]
}

fn modf(x: f64) -> [Val; 2] {
    let (fraction, integral) = libm::modf(x);
    [Val::from(fraction), Val::from(integral)]
}

fn fma(x: &Val, y: &Val, z: &Val) -> ValR<Val> {
    Ok(Val::from(libm::fma(float(x)?, float(y)?, float(z)?)))
}

//! Expressions that we and jaq spell the same way: those that mean the same, and those that do not.

/// What means the same, four spaces apart; a line that begins with `%%` says what the next ones are about.
pub(super) const SAME: &str = r###"
%% Literals and construction.
1    1.5    1e3    -1    0.1    null    true    false    "a"    "\u00e9\n\t\\\"\/"    []    {}    [1,2]
[[],{}]    {a:1}    {"a":1,"b":2}    {"a b":1}    {(.input.x|tostring):1}    {input}    {"input"}
{a:(1,2),b:(3,4)}    {("a","b"):(1,2)}    {a:1,a:2}    {a:1|2}    {a:1,}    {if:1,then:2,and:3}
{"x\(1+1)":1}    {a:empty}    [empty]    [1,empty,2]    {a:1,b:2}|.a
%% Interpolation.
"a\(1)b"    "\(.input.x)!"    "\(null)\(true)\([1,"a"])"    "\("a\("b")")"    "a\(empty)"    "\(1,2)"
"#\(1)"    "\({})"
%% Paths.
.    .input    .input.a    .input.b[0]    .input.b[-1]    .input.b[9]    .input.b[-9]    .nope
.nope.deeper    .["input"]    ."input"."a"    .input["a"]    .input.b[1:]    .input.b[:1]    .input.b[:-1]
.input.b[-2:]    .input.b[1:1]    .input.b[2:1]    .input.b[-100:100]    .input.x[1:2]    .input.x[-2:]
.input.b[]    .input.b[]?    .input[]?    .input.a[]    .input.a[]?    .input.a.b    .input.a.b?
.input.a?.b?    .input.b.[0]    .steps.one.a[1]    .steps.three[][]    .steps.three[0][1][0]
.input.b[0,1]    .input.b[(0,1)]    .input["a","x"]    .input.b[.input.a]    (.input|.b)[1]
.input.b[null:2]    .input.deep.a.b.c    .outcomes.one.status    .steps.nope    .steps["two"]
.input.b[1:][0]    [1,2,3][1]    {"a":1}["a"]    {"a":{"b":5}}.a.b    "abc"[1:]    .input.b|.[1]
%% Operators.
1+2    1-2    2*3    7%3    -7%3    7%-3    1+2*3    (1+2)*3    10-2-3    "a"+"b"    [1]+[2]    {a:1}+{b:2}
{a:1}+{a:2}    null+1    1+null    null+null    [1,2,1]-[1]    [1,2]-[]    {a:{b:1}}*{a:{c:2}}
{a:1}*{a:{b:1}}    "a,b"/","    "abc"/""    ""/","    1-null    1-"a"    {}-{}    []*2    -(1)    -(-1)
-.input.a    -"a"    1==1.0    1!=2    1<2    2<=2    3>2    2>=3    "a"<"b"    "a"<"B"    null<false
false<true    true<0    0<""    "z"<[]    []<{}    [1]<[1,0]    [2]>[1,9]    {a:1}<{b:0}    {a:2}<{a:1,b:0}
{a:1}=={a:1}    [1,[2]]==[1,[2]]    1==true    1|2    1,2    1,2|.+1    (1,2)|(.,.)    1//2    null//2
false//null//3    (1,null,2)//3    (null,false)//(3,4)    empty//1    .input.nope//"none"    .input.a//0
true and false    true or false    null and 1    0 and 1    (true,false) and (true,false)
(true,false) or (true,false)    false and ("a"-1)    true or ("a"-1)    1 and empty    not    true|not
("a"-1)?    (1,("a"-1),2)?    [.input[]|(.+1)?]    (.input.a[])?    ("a"-1)//3    (null,("a"-1))//3
first((1,("a"-1))//3)    [{b:(1,("a"-1))}?]
%% Conditions.
if true then 1 else 2 end    if null then 1 else 2 end    if 0 then 1 else 2 end    if false then 1 end
if (true,false) then 1 else 2 end    if empty then 1 else 2 end
if false then 1 elif true then 2 else 3 end    if (null,1) then "a" elif 2 then "b" else "c" end
if .input then .input.a else null end
%% Functions.
length    .input|length    .input.b|length    .input.x|length    null|length    -5|length    true|length
"aé"|length    keys    .input.b|keys    .input|keys    1|keys    .input.b|map(.+1)    [1,2]|map(.,.)
[1,2]|map(empty)    1|map(.)    [1,2,3]|map(select(.>1))    .input.b[]|select(.>1)    1|select(true,true)
1|select(empty)    {"a":1}|has("a")    {"a":1}|has("b")    [1]|has(0)    [1]|has(1)    [1]|has(0,1)
null|has(0)    [1]|has("a")    [1,2,3]|add    ["a","b"]|add    [[1],[2]]|add    []|add    [null,1]|add
{a:1,b:2}|add    1|add    [1,"a"]|add    [true,false]|any    [false,null]|any    []|any    [1,2]|all
[]|all    [1,null]|all    [1,2]|any(.>1)    [1,2]|all(.>1)    [1,"a"]|any(.-1>-1)    {a:true}|any    1|any
[1,2]|first    [1,2]|last    []|first    []|last    null|first    first(1,2)    first(empty)    last(1,2)
last(empty)    first(1,("a"-1))    [3,1,2]|max    [3,1,2]|min    []|max    []|min    1|max
[1,"a",null]|max    [3,1,2]|sort    [[1],{},"a",1,true,false,null]|sort    {}|sort    null|sort
.steps.one|sort_by(.a)?    [{a:2,b:1},{a:1},{a:2,b:0}]|sort_by(.a)
[{a:2,b:1},{a:1},{a:2,b:0}]|sort_by(.a,.b)    [3,1]|sort_by(empty)    [{a:2},{a:1},{a:2,b:1}]|group_by(.a)
[]|group_by(.a)    [1,2,1]|unique    [{a:1},{a:1}]|unique    [[1,[2]],[3]]|flatten
[[1,[2]],[3]]|flatten(1)    [[1]]|flatten(0)    []|flatten    [1,2]|reverse    []|reverse
{a:1,b:2}|to_entries    {}|to_entries    [{key:"a",value:1}]|from_entries    []|from_entries
{a:1,b:null}|to_entries|from_entries    ["a","b"]|join(",")    []|join(",")    ["a",1,true]|join("-")
["a"]|join(",")    "a,b"|split(",")    "a"|split("")    ""|split(",")    ",a,"|split(",")    1|split(",")
"abc"|startswith("ab")    "abc"|endswith("bc")    "abc"|startswith("")    1|startswith("a")
"a"|startswith(1)    1|tostring    "a"|tostring    [1,"a",null]|tostring    1.5|tostring    "1"|tonumber
"1.5"|tonumber    "-1e2"|tonumber    1|tonumber    "x"|tonumber    ""    [1,{a:"b"}]|tojson    "a\"b"|tojson
null|tojson    "[1,{\"a\":2}]"|fromjson    "x"|fromjson    "null"|fromjson    1|fromjson    1|type
null|type    ""|type    []|type    {}|type    true|type    empty
[.input.b[]|if .>1 then . else empty end]    .steps.one|length?    [.steps|to_entries[]|.key]
.steps|map(type)    .input.b|map({v:.})|map(.v)|add    [.input.b[]|tojson]|sort    (((1)))    [.[]?]
"###;

/// What means the same and has white space in it that matters.
pub(super) const SAME_OVER_LINES: &[&str] = &["# a comment\n1 # another\n+ 2"];

/// What differs on purpose: the expression, its value here and its value in jaq, or `error`.
pub(super) const DIFFERENT: &str = r###"
%% jq varies the right side slowest, jaq the left side.
[(1,2)+(10,20)]    [11,12,21,22]    [11,21,12,22]
[(1,2)<(1,2)]    [false,false,true,false]    [false,true,false,false]
["\(1,2)\(3,4)"]    ["13","23","14","24"]    ["13","14","23","24"]
[[[1,2],[3,4]][0,1][0,1]]    [1,3,2,4]    [1,2,3,4]
%% jq evaluates the right side first, and a key before what it is a key of.
[empty+("a"-1)]    error    []
[("a"-1)[empty]]    []    error
%% jq truncates a position and widens a slice; a slice of null is null.
[1,2,3][1.7]    2    error
[1,2,3][-1.5]    3    error
[1,2,3,4][1.2:2.5]    [2,3]    error
null[1:2]    null    error
%% jq looks for no negative position.
[1]|has(-1)    false    true
%% A name is a string, also where jaq takes any value.
{(1):2}|length    error    1
{}[0]    error    null
{}|has(0)    error    false
null[true]    error    null
null[{}]    error    null
%% jq takes the remainder of truncated numbers.
5.9%2.9    1    0.10000000000000053
5%0.5    error    0.0
%% Numbers are finite, and integers only where a double is exact.
1/0|type    error    "number"
0/0|type    error    "number"
1e308*10|type    error    "number"
4/2|tostring    "2"    "2.0"
1.0|tojson    "1"    "1.0"
9007199254740991+2    error    9007199254740993
"9007199254740993"|tonumber    error    9007199254740993
"NaN"|tonumber|type    error    "number"
%% Members are in the order of their names.
[{b:1,a:2}[]]    [2,1]    [1,2]
{b:1,a:2}|tojson    "{\"a\":2,\"b\":1}"    "{\"b\":1,\"a\":2}"
{b:1,a:2}|to_entries|map(.key)    ["a","b"]    ["b","a"]
%% Where jaq differs from jq 1.7, jq 1.7 is followed.
[null,1]|join("-")    "-1"    "null-1"
[[1],2]|join("-")    error    "[1]-2"
null|reverse    []    error
{a:[1]}|flatten    [1]    [{"a":[1]}]
[[1]]|flatten(-1)    error    [[1]]
[{name:"a",Value:1}]|from_entries    {"a":1}    error
[1]|sort_by("a"-1)    error    [1]
%% Stricter than both: what joins is a string, and how deep to flatten is a number.
[1]|join(1)    error    "1"
[1]|flatten("a")    error    [1]
%% One JSON text is one value.
[""|fromjson]    error    []
["1 2"|fromjson]    error    [1,2]
%% The positions of an array in an array, and slices by an object, are left out.
[1,2,1][[1]]    error    [0,2]
[1,2,3][{"start":1}]    error    [2,3]
%% Repetition is found at the values where it cannot be seen in the text.
(.input.x)*2    error    "a,ba,b"
"###;

/// The lines of a table, each as its cells.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with("%%"));
    lines.map(|line| line.split("    ").collect())
}

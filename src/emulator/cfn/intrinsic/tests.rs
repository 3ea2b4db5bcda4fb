use super::*;

fn eval(parameters: &str, expression: &str) -> Result<Option<Node>, EvalError> {
    let yaml = format!(
        "Parameters: {{P: {{Type: String}}, L: {{Type: CommaDelimitedList}}, E: {{Type: String}}}}
Mappings: {{M: {{us-east-1: {{a: one, b: [x, y]}}}}}}
Conditions:
  Prod: !Equals [!Ref P, prod]
  NotProd: !Not [!Condition Prod]
  Both: !And [!Condition Prod, !Equals [!Ref E, '']]
  Either: !Or [!Condition Prod, !Condition NotProd]
Resources:
  A: {{Type: 'AWS::S3::Bucket'}}
  X: {{Type: 'AWS::SNS::Topic', Properties: {{V: {expression}}}}}
"
    );
    let template = Template::parse(yaml.as_bytes()).unwrap();
    let place = Place {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        stack_id: "arn:aws:cloudformation:us-east-1:123456789012:stack/s/u".to_owned(),
        stack_name: "s".to_owned(),
        notification_arns: vec![],
    };
    let values = BTreeMap::from([
        ("P".to_owned(), parameters.to_owned()),
        ("L".to_owned(), "a, b,c".to_owned()),
        ("E".to_owned(), String::new()),
    ]);
    let exports = BTreeMap::from([("net-vpc".to_owned(), "vpc-1".to_owned())]);
    let mut scope = Scope::new(&template, &place, &values, &exports)?;
    scope.resources.insert(
        "A".to_owned(),
        Known {
            kind: "AWS::S3::Bucket".to_owned(),
            physical_id: "bucket-1".to_owned(),
            properties: Node::Null,
        },
    );
    let node = template.section("Resources")[1]
        .1
        .get("Properties")
        .and_then(|p| p.get("V"))
        .unwrap();
    scope.value(node)
}

#[test]
fn functions_give_their_values() {
    let table = [
        ("!Ref P", "prod"),
        ("!Ref A", "bucket-1"),
        ("!Ref L", "a,b,c"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::Partition", "aws"),
        ("!GetAtt A.Arn", "arn:aws:s3:::bucket-1"),
        (
            "!Sub '${A}/${A.Arn}/${!Lit}/${AWS::Region}/${ P }/${'",
            "bucket-1/arn:aws:s3:::bucket-1/${Lit}/us-east-1/prod/${",
        ),
        ("!Sub ['${Q}-${P}', {Q: !Ref A}]", "bucket-1-prod"),
        ("!Join ['-', [a, !Ref P, !Ref E]]", "a-prod-"),
        ("!Join ['|', !Ref L]", "a|b|c"),
        ("!Select [1, !Split [',', 'x,y']]", "y"),
        ("!If [Prod, yes, no]", "yes"),
        ("!If [NotProd, yes, no]", "no"),
        ("!If [Both, yes, no]", "yes"),
        ("!If [Either, yes, no]", "yes"),
        ("!FindInMap [M, !Ref AWS::Region, a]", "one"),
        ("!Select [0, !FindInMap [M, us-east-1, b]]", "x"),
        ("!FindInMap [M, nope, a, {DefaultValue: d}]", "d"),
        ("!Base64 hello", "aGVsbG8="),
        ("!ImportValue net-vpc", "vpc-1"),
        ("!Select [2, !GetAZs '']", "us-east-1c"),
        ("!Select [1, !Cidr [10.0.0.0/16, 4, 8]]", "10.0.1.0/24"),
        (
            "!Select [1, !Cidr ['2001:db8::/56', 4, 64]]",
            "2001:db8:0:1::/64",
        ),
        ("{Fn::Length: !Ref L}", "3"),
        ("[a, !Ref AWS::NoValue, b]", "a,b"),
        ("{Fn::ToJsonString: {a: !Ref P}}", "{\"a\":\"prod\"}"),
    ];
    for (expression, expected) in table {
        let got = eval("prod", expression).unwrap().unwrap();
        assert_eq!(flat(&got), expected, "{expression}");
    }
    assert_eq!(
        eval("x", "!If [Prod, yes, !Ref AWS::NoValue]").unwrap(),
        None
    );
}

#[test]
fn what_has_no_value_says_why() {
    let template = |text: &str| EvalError::Template(format!("Template error: {text}"));
    assert_eq!(
        eval("x", "!Select [5, [a]]").unwrap_err(),
        template("Fn::Select  cannot select nonexistent value at index 5")
    );
    assert_eq!(
        eval("x", "!FindInMap [M, q, a]").unwrap_err(),
        template("Unable to get mapping for M::q::a")
    );
    assert_eq!(
        eval("x", "!ImportValue nope").unwrap_err(),
        EvalError::Export("No export named nope found.".to_owned())
    );
    assert_eq!(
        eval("x", "!Ref Nope").unwrap_err(),
        EvalError::Unresolved("Nope".to_owned())
    );
    assert!(matches!(
        eval("x", "!Cidr [10.0.0.0/24, 300, 8]").unwrap_err(),
        EvalError::Template(_)
    ));
    assert!(matches!(
        eval("x", "!Cidr [10.0.0.0/24, 2, 8]").unwrap_err(),
        EvalError::Template(_)
    ));
}

//! From a mail to the bytes that leave.

use anyhow::Context as _;
use base64::Engine as _;
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, MultiPart, SinglePart};

use super::Mail;

/// Plain text first, then the page with its pictures: mail programs show the last form that they understand.
pub(super) fn compose(from: &str, mail: &Mail) -> anyhow::Result<Message> {
    let mut page = MultiPart::related().singlepart(SinglePart::html(mail.html.clone()));
    for picture in &mail.pictures {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(&picture.png_base64)
            .context("a picture is not base64")?;
        let inline = Attachment::new_inline_with_name(picture.name.clone(), format!("{}.png", picture.name));
        page = page.singlepart(inline.body(bytes, ContentType::parse("image/png")?));
    }
    Message::builder()
        .from(from.parse().context("MAIL_FROM is no mail address")?)
        .to(mail.recipient.as_str().parse().context("the recipient is no mail address")?)
        .subject(mail.subject.clone())
        .multipart(MultiPart::alternative().singlepart(SinglePart::plain(mail.plain.clone())).multipart(page))
        .context("the parts do not make a mail")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::EmailAddress;
    use crate::plumbing::mailer::Picture;

    #[test]
    fn a_mail_has_both_forms_and_its_picture() {
        let mail = Mail {
            key: "k".into(),
            recipient: EmailAddress::parse("ada@example.com").unwrap(),
            subject: "Ready — your eSIM".into(),
            html: "<img src=\"cid:qr\">".into(),
            plain: "code".into(),
            pictures: vec![Picture { name: "qr".into(), png_base64: "iVBORw0KGgo=".into() }],
        };
        let bytes = compose("Shop <shop@example.com>", &mail).unwrap().formatted();
        let text = String::from_utf8(bytes).unwrap();
        for part in ["multipart/alternative", "text/plain", "text/html", "image/png", "Content-ID: <qr>"] {
            assert!(text.contains(part), "{part}");
        }
        assert!(compose("no address", &mail).is_err());
    }
}

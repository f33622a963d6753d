package keystore

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"garita/border"
)

// DefaultTPM is the kernel's device that shares one TPM among programs.
const DefaultTPM = "/dev/tpmrm0"

// tpmTime bounds one conversation over a socket. The kernel bounds its own device's.
const tpmTime = 30 * time.Second

// tpmGuard keeps the key as a sealed object under the storage root key (ECC P-256, TCG provisioning
// guidance) of a TPM 2.0. The object is bound to that TPM, and with PCRs to how the machine started.
type tpmGuard struct {
	device string
	pcrs   []int
}

// session encrypts what goes over the bus under a salt that only this storage root key opens, so that a
// probe on the wires reads nothing.
func session(srk *tpm2.CreatePrimaryResponse, pub *tpm2.TPMTPublic) []tpm2.AuthOption {
	return []tpm2.AuthOption{tpm2.AESEncryption(128, tpm2.EncryptInOut), tpm2.Salted(srk.ObjectHandle, *pub)}
}

// unsealing is session for a command that takes nothing to encrypt, and gives the key.
func unsealing(srk *tpm2.CreatePrimaryResponse, pub *tpm2.TPMTPublic, auth []byte) []tpm2.AuthOption {
	return []tpm2.AuthOption{tpm2.AESEncryption(128, tpm2.EncryptOut), tpm2.Salted(srk.ObjectHandle, *pub), tpm2.Auth(auth)}
}

const nonceSize = 16

func (g tpmGuard) lock(ctx context.Context) (key []byte, l lock, err error) {
	err = g.with(ctx, func(t transport.TPM, srk *tpm2.CreatePrimaryResponse, pub *tpm2.TPMTPublic) error {
		// Hexadecimal digits hold no zero byte, which authorisation values lose.
		auth := []byte(hex.EncodeToString(random(16)))
		object := tpm2.TPMTPublic{Type: tpm2.TPMAlgKeyedHash, NameAlg: tpm2.TPMAlgSHA256,
			// NoDA: a wrong try here must not lock the machine's other users of the TPM out.
			ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, NoDA: true, UserWithAuth: len(g.pcrs) == 0}}
		if len(g.pcrs) > 0 {
			digest, err := policyNow(t, g.pcrs)
			if err != nil {
				return g.said("measure the start", err)
			}
			object.AuthPolicy = *digest
		}
		key = random(keySize)
		made, err := tpm2.Create{
			ParentHandle: tpm2.AuthHandle{Handle: srk.ObjectHandle, Name: srk.Name, Auth: tpm2.HMAC(tpm2.TPMAlgSHA256, nonceSize, session(srk, pub)...)},
			InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{
				UserAuth: tpm2.TPM2BAuth{Buffer: auth},
				Data:     tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: key})}},
			InPublic: tpm2.New2B(object),
		}.Execute(t)
		if err != nil {
			return g.said("seal a key in the TPM", err)
		}
		l = lock{SRK: srk.Name.Buffer, Public: made.OutPublic.Bytes(), Private: made.OutPrivate.Buffer, Auth: auth, PCRs: g.pcrs}
		return nil
	})
	return key, l, err
}

func (g tpmGuard) unlock(ctx context.Context, l lock) (key []byte, err error) {
	err = g.with(ctx, func(t transport.TPM, srk *tpm2.CreatePrimaryResponse, pub *tpm2.TPMTPublic) error {
		// Asked first: the salt must not be told to a storage root key that somebody put in its place.
		if !bytes.Equal(srk.Name.Buffer, l.SRK) {
			return g.refused()
		}
		loaded, err := tpm2.Load{
			ParentHandle: tpm2.AuthHandle{Handle: srk.ObjectHandle, Name: srk.Name, Auth: tpm2.HMAC(tpm2.TPMAlgSHA256, nonceSize, session(srk, pub)...)},
			InPrivate:    tpm2.TPM2BPrivate{Buffer: l.Private},
			InPublic:     tpm2.BytesAs2B[tpm2.TPMTPublic](l.Public),
		}.Execute(t)
		if err != nil {
			if errors.Is(err, tpm2.TPMRCIntegrity) {
				return errors.Join(g.refused(), err)
			}
			return g.said("load the key into the TPM", err)
		}
		defer flush(t, loaded.ObjectHandle)
		var auth tpm2.Session
		if len(l.PCRs) > 0 {
			auth = tpm2.Policy(tpm2.TPMAlgSHA256, nonceSize, func(t transport.TPM, handle tpm2.TPMISHPolicy, _ tpm2.TPM2BNonce) error {
				return policy(t, handle, l.PCRs)
			}, unsealing(srk, pub, l.Auth)...)
		} else {
			auth = tpm2.HMAC(tpm2.TPMAlgSHA256, nonceSize, unsealing(srk, pub, l.Auth)...)
		}
		out, err := tpm2.Unseal{ItemHandle: tpm2.AuthHandle{Handle: loaded.ObjectHandle, Name: loaded.Name, Auth: auth}}.Execute(t)
		switch {
		case errors.Is(err, tpm2.TPMRCPolicyFail), errors.Is(err, tpm2.TPMRCPCRChanged):
			return &border.Error{Code: border.Forbidden, Op: "open the root key",
				Message: "This machine did not start as it did when the keys were sealed: its firmware or boot settings have changed. If you changed them, change them back, or seal the keys anew with the command rekey and the recovery key. If nobody did, keep the machine and call the security officer." + recoverBy,
				Err:     errors.Join(ErrMeasured, err)}
		case errors.Is(err, tpm2.TPMRCAuthFail), errors.Is(err, tpm2.TPMRCBadAuth):
			return errors.Join(softwareGuard{}.refused(), err) // the file was changed
		case err != nil:
			return g.said("open the key in the TPM", err)
		}
		key = out.OutData.Buffer
		return nil
	})
	return key, err
}

func (tpmGuard) refused() error {
	return &border.Error{Code: border.Forbidden, Op: "open the root key",
		Message: "The keys of this data folder were not sealed in this machine's TPM, or it was cleared since. Put the disk back into its machine." + recoverBy, Err: ErrOtherTPM}
}

func (g tpmGuard) said(op string, err error) error {
	return &border.Error{Code: border.Unavailable, Op: op, Message: "The TPM did not do what it was asked. Start the machine anew; if this goes on, look at the TPM in its firmware settings.", Err: err}
}

// with runs do with the storage root key, which is made anew from the TPM's seed: nothing of ours stays
// in it.
func (g tpmGuard) with(ctx context.Context, do func(transport.TPM, *tpm2.CreatePrimaryResponse, *tpm2.TPMTPublic) error) error {
	conn, err := g.dial(ctx)
	if err != nil {
		return &border.Error{Code: border.Unavailable, Op: "open the TPM", Err: err,
			Message: "This machine has no TPM 2.0 that this program may use. Switch it on in the firmware settings, and let the service's user into the group tss (docs/OPERATIONS.md)."}
	}
	defer conn.Close()
	t := transport.FromReadWriter(conn)
	srk, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(tpm2.ECCSRKTemplate)}.Execute(t)
	if err != nil {
		return g.said("make the TPM's storage root key", err)
	}
	defer flush(t, srk.ObjectHandle)
	pub, err := srk.OutPublic.Contents()
	if err != nil {
		return g.said("read the TPM's storage root key", err)
	}
	name, err := tpm2.ObjectName(pub)
	if err != nil || !bytes.Equal(name.Buffer, srk.Name.Buffer) {
		return g.said("read the TPM's storage root key", fmt.Errorf("its name is not that of its public part: %w", err))
	}
	return do(t, srk, pub)
}

func (g tpmGuard) dial(ctx context.Context) (io.ReadWriteCloser, error) {
	path, isSocket := strings.CutPrefix(g.device, "unix:")
	if !isSocket {
		if path == "" {
			path = DefaultTPM
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.Mode()&os.ModeDevice == 0 {
			return nil, fmt.Errorf("%s is no device", path)
		}
		return os.OpenFile(path, os.O_RDWR, 0)
	}
	ctx, cancel := context.WithTimeout(ctx, tpmTime)
	defer cancel()
	var conn net.Conn
	for {
		var err error
		if conn, err = (&net.Dialer{}).DialContext(ctx, "unix", path); err == nil {
			break
		}
		if !errors.Is(err, syscall.EAGAIN) { // another program talks to it, and one more waits
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(20 * time.Millisecond):
		}
	}
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// flush forgets an object. The kernel's device does so itself when it is closed.
func flush(t transport.TPM, h tpm2.TPMHandle) {
	_, _ = tpm2.FlushContext{FlushHandle: h}.Execute(t)
}

func selection(pcrs []int) tpm2.TPMLPCRSelection {
	u := make([]uint, len(pcrs))
	for i, p := range pcrs {
		u[i] = uint(p)
	}
	return tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{Hash: tpm2.TPMAlgSHA256, PCRSelect: tpm2.PCClientCompatible.PCRs(u...)}}}
}

// policy asks for the PCRs as they were, and for the authorisation value.
func policy(t transport.TPM, session tpm2.TPMHandle, pcrs []int) error {
	if _, err := (tpm2.PolicyPCR{PolicySession: session, Pcrs: selection(pcrs)}).Execute(t); err != nil {
		return err
	}
	_, err := tpm2.PolicyAuthValue{PolicySession: session}.Execute(t)
	return err
}

// policyNow is the digest of a policy that the PCRs meet as they are now.
func policyNow(t transport.TPM, pcrs []int) (*tpm2.TPM2BDigest, error) {
	s, done, err := tpm2.PolicySession(t, tpm2.TPMAlgSHA256, nonceSize, tpm2.Trial())
	if err != nil {
		return nil, err
	}
	defer func() { _ = done() }()
	if err := policy(t, s.Handle(), pcrs); err != nil {
		return nil, err
	}
	out, err := tpm2.PolicyGetDigest{PolicySession: s.Handle()}.Execute(t)
	if err != nil {
		return nil, err
	}
	return &out.PolicyDigest, nil
}
